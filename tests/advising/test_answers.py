from __future__ import annotations

from pathlib import Path

import pytest

from brokerlint.advising.answers import AnswerError, Answers, write
from brokerlint.advising.needs import need_words
from brokerlint.advising.questions import Question
from brokerlint.config import ConfigError, load
from brokerlint.topology import ChannelDeclaration


def question(need: str) -> Question:
    words = need_words()[need]
    return Question(need, words.question, words.key, words.form, decisive=True)


def answered(**typed: str) -> Answers:
    answers = Answers()
    for need, text in typed.items():
        answers.add("kafka:orders", question(need), text)
    return answers


def declared(path: Path) -> ChannelDeclaration:
    return load(path).declarations().of("kafka:orders")


class TestUnderstanding:
    @pytest.mark.parametrize(("text", "value"), [("yes", True), ("n", False), ("True", True)])
    def test_yes_and_no_in_several_words(self, tmp_path: Path, text: str, value: bool) -> None:
        assert declared(write(answered(replay=text), None, tmp_path)).needs["replay"] is value

    def test_amounts_and_names(self, tmp_path: Path) -> None:
        found = declared(write(answered(volume="2k/s", consumers="fraud, search", order="per-key"), None, tmp_path))
        assert found.needs == {"volume": 2_000, "ordering": "per-key"}
        assert found.external_consumers == ("fraud", "search")

    def test_no_reader_elsewhere_makes_the_channel_complete(self, tmp_path: Path) -> None:
        assert declared(write(answered(consumers="none"), None, tmp_path)).complete is True

    def test_the_team_is_asked_once_for_everything(self, tmp_path: Path) -> None:
        assert load(write(answered(operations="low"), None, tmp_path)).team_ops_capacity == "low"

    def test_an_empty_answer_leaves_the_question_open(self) -> None:
        assert not answered(replay="  ")

    @pytest.mark.parametrize(
        ("need", "text", "message"),
        [
            ("replay", "perhaps", "needs.replay takes true or false: expected true or false, found 'perhaps'"),
            ("volume", "-5/s", "needs.volume takes an amount such as 200/s"),
            ("volume", "much", "needs.volume takes an amount such as 200/s"),
            ("operations", "plenty", "team_ops_capacity takes low, medium or high"),
            ("work", "toil", "role takes work, command or event"),
        ],
    )
    def test_what_is_not_understood_names_the_valid_form(self, need: str, text: str, message: str) -> None:
        with pytest.raises(AnswerError) as caught:
            answered(**{need: text})
        assert message in str(caught.value)


class TestWriting:
    def test_what_stands_in_a_yaml_file_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "brokerlint.yaml"
        path.write_text("# ours\nchannels:\n  - match: 'sqs:*'  # all\n    role: work\n\nworld: closed\n")
        write(answered(replay="yes", operations="low"), path, tmp_path)
        text = path.read_text()
        assert "# ours" in text
        assert "# all" in text
        config = load(path)
        assert config.world == "closed"
        assert config.team_ops_capacity == "low"
        assert config.declarations().of("sqs:jobs").role == "work"
        assert declared(path).needs == {"replay": True}

    def test_a_later_answer_wins_over_an_earlier_declaration(self, tmp_path: Path) -> None:
        path = tmp_path / "brokerlint.yaml"
        path.write_text("channels:\n- match: 'kafka:*'\n  needs: {replay: true, volume: 5/s}\n")
        write(answered(replay="no"), path, tmp_path)
        assert declared(path).needs == {"replay": False, "volume": 5}

    def test_a_capacity_that_was_unknown_is_replaced(self, tmp_path: Path) -> None:
        path = tmp_path / "brokerlint.yaml"
        path.write_text("team_ops_capacity: unknown\nworld: open\n")
        write(answered(operations="high"), path, tmp_path)
        assert load(path).team_ops_capacity == "high"

    def test_a_pyproject_gets_tables_at_its_end(self, tmp_path: Path) -> None:
        path = tmp_path / "pyproject.toml"
        path.write_text('[project]\nname = "shop"\n\n[tool.brokerlint]\nworld = "open"\n\n[tool.other]\nx = 1\n')
        write(answered(replay="yes", volume="7/min", operations="medium"), path, tmp_path)
        config = load(path)
        assert (config.world, config.team_ops_capacity) == ("open", "medium")
        assert declared(path).needs["replay"] is True

    @pytest.mark.parametrize("name", ['or"ders', "or[d]ers", "or: {ders}", "or\\ders", "or\nders", "öß"])
    @pytest.mark.parametrize("file", ["brokerlint.yaml", "pyproject.toml"])
    def test_strange_names_stay_one_name(self, tmp_path: Path, name: str, file: str) -> None:
        answers = Answers()
        answers.add(f"kafka:{name}", question("replay"), "yes")
        path = tmp_path / file
        path.write_text("[tool.brokerlint]\n" if file.endswith("toml") else "world: open\n")
        write(answers, path, tmp_path)
        declarations = load(path).declarations()
        assert declarations.of(f"kafka:{name}").needs == {"replay": True}
        assert declarations.of("kafka:orders").needs == {}

    def test_a_file_that_could_not_be_used_afterwards_is_left_as_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "brokerlint.yaml"
        before = "{channels: [{match: 'sqs:*', role: work}]}\n"
        path.write_text(before)
        with pytest.raises(ConfigError, match="nothing was changed"):
            write(answered(replay="yes"), path, tmp_path)
        assert path.read_text() == before

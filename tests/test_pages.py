"""What the pages promise: their tables are up to date and their examples run."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlint.cli import run
from brokerlint.models import catalogue

ROOT = Path(__file__).parent.parent

Ran = tuple[int, str, str]
Brokerlint = Callable[..., Ran]


@pytest.fixture
def brokerlint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Brokerlint:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ran:
        code = run(arguments)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


class TestTheSupportTable:
    def test_is_that_of_the_models(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert catalogue.main(["--check", str(ROOT / "README.md")]) == 0, capsys.readouterr().err

    def test_an_old_one_is_noticed_and_written_anew(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text(f"# Page\n\n{catalogue.BEGIN}\n| old |\n{catalogue.END}\nmore\n")
        assert catalogue.main(["--check", str(page)]) == 1
        assert "| old |" in page.read_text()
        assert catalogue.main([str(page)]) == 0
        assert catalogue.main(["--check", str(page)]) == 0
        assert page.read_text().startswith(f"# Page\n\n{catalogue.BEGIN}\n| library |")
        assert page.read_text().endswith(f"{catalogue.END}\nmore\n")

    def test_a_page_without_a_place_for_it_is_an_error(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "page.md").write_text("# Page\n")
        assert catalogue.main(["--check", str(tmp_path / "page.md")]) == 2
        assert "needs one line" in capsys.readouterr().err


class TestTheReadme:
    """What it shows is what the program prints about the example systems."""

    PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
    EXAMPLE = "fixtures/queue-as-log"

    @pytest.fixture(autouse=True)
    def _at_the_root(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(ROOT)

    def test_the_finding(self, capfd: pytest.CaptureFixture[str]) -> None:
        shown = re.search(r"```text\n(warning\[ARC111\].*?)```", self.PAGE, re.DOTALL)
        run(("check", self.EXAMPLE))
        assert shown is not None
        assert shown[1] in capfd.readouterr().out

    def test_the_picture(self, capfd: pytest.CaptureFixture[str]) -> None:
        shown = re.search(r"\n```mermaid\n(.*?)```", self.PAGE, re.DOTALL)
        run(("graph", self.EXAMPLE, "--format", "mermaid"))
        assert shown is not None
        assert capfd.readouterr().out == shown[1]

    def test_the_comment_on_a_pull_request(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        before = tmp_path / "before"
        shutil.copytree(self.EXAMPLE, before)
        shutil.rmtree(before / "services/shipping")
        run(("diff", str(before), self.EXAMPLE, "--format", "markdown"))
        said = capfd.readouterr().out.removeprefix("### Messaging topology\n").partition("\n**Services**")[0]
        shown = re.search(r"> \*\*Messaging topology\*\*\n(.*?)\n(?!>)", self.PAGE, re.DOTALL)
        assert shown is not None
        assert re.sub(r"^> ?", "", shown[1], flags=re.MULTILINE).strip() == said.strip()


class TestAPackOfChecks:
    @pytest.fixture
    def pack(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The pack that CONTRIBUTING.md shows, as a file."""
        page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        block = re.search(r"## A pack of your own.*?```python\n(.*?)```", page, re.DOTALL)
        assert block is not None
        path = tmp_path / "acme_checks.py"
        path.write_text(block[1])
        monkeypatch.delitem(sys.modules, "acme_checks", raising=False)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        return path

    def test_the_example_passes(self, pack: Path, brokerlint: Brokerlint) -> None:
        assert brokerlint("checks", "test", "acme_checks") == (0, "", "1 check tried, 0 failed.\n")

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ('"NAME", "orders"', '"NAME", "mail-orders"', "bad example 1 (no team): nothing was found"),
            ('"NAME", "shop-orders"', '"NAME", "orders"', "good example 1 (a team): found was queue 'orders'"),
            ("## Why it is bad", "## Why", "no text under '## Why it is bad'"),
            ("if consumers and", "if nothing and", "check ACME101 failed: NameError"),
            ('"no team")', '"no team", Confidence.CERTAIN)', "found with confidence high, expected was certain"),
        ],
    )
    def test_what_is_wrong_is_told(self, pack: Path, brokerlint: Brokerlint, old: str, new: str, says: str) -> None:
        pack.write_text(pack.read_text().replace(old, new))
        code, out, err = brokerlint("checks", "test", "acme_checks")
        assert code == 1
        assert says in out
        assert err == "1 check tried, 1 failed.\n"

    @pytest.mark.parametrize(
        ("text", "says"),
        [("", "acme_checks defines no check"), ("1 / 0", "acme_checks: cannot be imported: ZeroDivisionError")],
    )
    def test_a_module_that_is_no_pack_is_one_line(
        self, pack: Path, brokerlint: Brokerlint, text: str, says: str
    ) -> None:
        pack.write_text(text)
        code, out, err = brokerlint("checks", "test", "acme_checks")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert says in err


class TestLists:
    def test_the_checks(self, brokerlint: Brokerlint) -> None:
        found = json.loads(brokerlint("checks", "list", "--format", "json")[1])["checks"]
        short = next(check for check in found if check["id"] == "SQS101")
        assert short["fix"] == "auto"
        assert short["pack"] == "brokerlint_checks"
        lines = brokerlint("checks", "list")[1].splitlines()
        assert [line.split()[0] for line in lines] == [check["id"] for check in found]

    def test_the_libraries(self, brokerlint: Brokerlint) -> None:
        found = json.loads(brokerlint("models", "list", "--format", "json")[1])["libraries"]
        names = [library["library"] for library in found]
        assert "boto3" in names
        assert [line.split("  ")[0] for line in brokerlint("models", "list")[1].splitlines()] == names

    def test_a_library_is_tried_on_its_examples(self, brokerlint: Brokerlint) -> None:
        file = ROOT / "analyzer" / "brokerlint" / "models" / "kafka_python.yaml"
        code, out, err = brokerlint("models", "test", str(file))
        assert (code, out, err) == (0, "", "1 model tried, 0 failed.\n")

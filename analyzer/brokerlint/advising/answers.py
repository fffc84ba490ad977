"""Answers: what people say to the open questions, read from what they type and written to the configuration.

Answers are appended, never woven into what stands there: a later declaration of a channel wins over an earlier one, and
comments and order of the file stay. The file is read back; if it could not be used any more, the old text returns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brokerlint.advising.questions import Question
from brokerlint.config import ConfigError, from_mapping, load

_FLAGS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_TEAM = "team_ops_capacity"
_NEEDS = "needs."
_NAME = "brokerlint.yaml"


class AnswerError(ValueError):
    """An answer that cannot be used: one sentence with the nearest valid form."""


@dataclass(slots=True)
class Answers:
    """Everything answered: keys of each channel, and the team's capacity (empty: not answered)."""

    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    team: str = ""

    def __bool__(self) -> bool:
        return bool(self.channels or self.team)

    def add(self, channel: str, question: Question, typed: str) -> None:
        """Take one answer. Raises ``AnswerError``; an empty answer leaves the question open."""
        text = typed.strip()
        if not text:
            return
        if question.key == _TEAM:
            value = _checked({_TEAM: text}, question)[_TEAM]
            self.team = str(value)
            return
        entry = _entry(question, text)
        _checked({"channels": [{"match": _pattern(channel), **entry}]}, question)
        known = self.channels.setdefault(channel, {})
        for key, value in entry.items():
            known[key] = {**known.get(key, {}), **value} if isinstance(value, dict) else value


def _entry(question: Question, text: str) -> dict[str, Any]:
    """The keys of a channel that an answer sets."""
    if question.key == "external_consumers":
        if text.lower() in ("none", "no", "n"):
            return {"complete": True}
        return {"external_consumers": [name.strip() for name in text.split(",") if name.strip()]}
    if question.key.startswith(_NEEDS):
        value = _FLAGS.get(text.lower(), text) if question.form.startswith("true") else text
        return {"needs": {question.key.removeprefix(_NEEDS): float(value) if _is_number(value) else value}}
    return {question.key: text}


def _is_number(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\d+(\.\d+)?", value))


def _checked(data: dict[str, Any], question: Question) -> dict[str, Any]:
    """``data`` when the configuration would take it. Raises ``AnswerError``."""
    try:
        from_mapping(data, Path(_NAME))
    except ConfigError as error:
        reason = str(error).rpartition(": ")[2]
        raise AnswerError(f"{question.key} takes {question.form}: {reason}") from error
    return data


def _pattern(channel: str) -> str:
    """A pattern that matches this channel: brackets would be a set of letters."""
    return re.sub(r"([\[\]])", r"[\1]", channel)


def write(answers: Answers, path: Path | None, directory: Path) -> Path:
    """Add ``answers`` to the configuration ``path`` (None: a new one in ``directory``) and give its path.

    Raises ``ConfigError`` when the file cannot be written, or not be used with them; then it is as it was.
    """
    target = path or directory / _NAME
    try:
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        after = _toml(before, answers) if target.suffix == ".toml" else _yaml(before, answers)
        target.write_text(after, encoding="utf-8", newline="\n")
        try:
            load(target)
        except ConfigError as error:
            target.write_text(before, encoding="utf-8", newline="\n") if path else target.unlink()
            raise ConfigError(f"{target}: the answers could not be added ({error}); nothing was changed") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{target}: cannot be written: {reason or error}") from error
    return target


def _yaml(before: str, answers: Answers) -> str:
    """YAML is a superset of JSON, so each entry is one line of it."""
    text = before if not before or before.endswith("\n") else f"{before}\n"
    if answers.team:
        text, count = re.subn(rf"(?m)^{_TEAM}:.*$", f"{_TEAM}: {answers.team}", text)
        text += "" if count else f"{_TEAM}: {answers.team}\n"
    entries = "".join(f"- {_flow({'match': _pattern(key), **value})}\n" for key, value in answers.channels.items())
    if not entries:
        return text
    block = re.search(r"(?m)^channels:[ \t]*(#.*)?\n", text)
    if block is None:
        return f"{text}channels:\n{entries}"
    end = _end_of_block(text, block.end())
    indent = re.match(r"(?:[ \t]*(?:#.*)?\n)*([ \t]*)- ", text[block.end() :])
    lead = indent[1] if indent else ""
    shifted = "".join(f"{lead}{line}\n" for line in entries.splitlines())
    return f"{text[:end]}{shifted}{text[end:]}"


def _end_of_block(text: str, start: int) -> int:
    """Where a top-level block ends that starts at ``start``: before the next key in the first column."""
    following = re.compile(r"(?m)^[A-Za-z_'\"]").search(text, start)
    return following.start() if following else len(text)


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def _toml(before: str, answers: Answers) -> str:
    """Tables at the end of the file; the team's capacity right below the header of the section."""
    section = "tool.brokerlint"
    text = before if not before or before.endswith("\n") else f"{before}\n"
    if answers.team:
        line = f'{_TEAM} = "{answers.team}"'
        text, count = re.subn(rf"(?m)^{_TEAM}\s*=.*$", line, text)
        if not count and re.search(rf"(?m)^\[{re.escape(section)}\]", text):
            text = re.sub(rf"(?m)^(\[{re.escape(section)}\].*)$", rf"\1\n{line}", text, count=1)
        elif not count:
            text = f"{text}\n[{section}]\n{line}\n"
    for key, value in answers.channels.items():
        fields = {"match": _pattern(key), **value}
        rows = "".join(f"{name} = {_toml_value(item)}\n" for name, item in fields.items())
        text += f"\n[[{section}.channels]]\n{rows}"
    return text


def _toml_value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    return json.dumps(value)

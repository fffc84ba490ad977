"""Console scripts: the commands that packages of the tree install, and the files behind them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable

from brokerlint.link.program import Program
from brokerlint.link.values import ModuleValue
from brokerlint.read import Sources

_NAME = re.compile(r"^name[ \t]*=[ \t]*[\"']?([\w.-]+)", re.M)
_ENTRY = re.compile(r"(?<![\w.-])([\w.-]++)[ \t]*+=[ \t]*([A-Za-z_][\w.]*):[\w.]+[\"']?")


def console_scripts(program: Program, sources: Sources, paths: Iterable[str]) -> dict[str, str]:
    """Script name -> file, from ``pyproject.toml``, ``setup.cfg`` and ``setup.py``."""
    found: dict[str, str] = {}
    for path in paths:
        file = path.rpartition("/")[2]
        if file not in ("pyproject.toml", "setup.cfg", "setup.py"):
            continue
        text = sources.text(path).decode("utf-8", "replace")
        for name, module in _declared(file, text):
            folder = path.rpartition("/")[0]
            target = program.resolve(f"{folder}/_.py" if folder else "_.py", module)
            if isinstance(target, ModuleValue) and not target.path.endswith("/"):
                found.setdefault(name, target.path)
    return found


def project_name(sources: Sources) -> str:
    """What the project at the root calls itself: ``name`` in ``pyproject.toml`` or ``setup.cfg``, else the root's
    folder."""
    text = sources.text("pyproject.toml").decode("utf-8", "replace") if sources.holds("pyproject.toml") else ""
    match = _NAME.search(text)
    if match is None and sources.holds("setup.cfg"):
        match = _NAME.search(sources.text("setup.cfg").decode("utf-8", "replace"))
    return match[1] if match else (sources.root.resolve().name if sources.root else "")


def _declared(file: str, text: str) -> list[tuple[str, str]]:
    if file == "pyproject.toml":
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            return []
        tables = [
            data.get("project", {}),
            data.get("tool", {}).get("poetry", {}) if isinstance(data.get("tool"), dict) else {},
        ]
        scripts = [table.get("scripts", {}) for table in tables if isinstance(table, dict)]
        return [
            (str(name), target.partition(":")[0])
            for table in scripts
            if isinstance(table, dict)
            for name, target in table.items()
            if isinstance(target, str) and ":" in target
        ]
    start = text.find("console_scripts")
    return [(m[1], m[2]) for m in _ENTRY.finditer(text[start : start + 4000])] if start >= 0 else []

"""``brokerlint check --fix``: what the fixes change is written, or with ``--diff`` shown."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from brokerlint.cli.output import put
from brokerlint.report.escape import terminal

if TYPE_CHECKING:
    from brokerlint.checking import Finding
    from brokerlint.fixing import Repair
    from brokerlint.report.outcome import Outcome

_F = TypeVar("_F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks for: fixes that are written, those that may change behaviour too, or only a look at them."""

    fix: bool
    unsafe: bool
    diff: bool

    def __post_init__(self) -> None:
        if self.unsafe and not self:
            raise click.UsageError("--unsafe-fixes needs --fix or --diff")

    def __bool__(self) -> bool:
        return self.fix or self.diff


def options(command: _F) -> _F:
    """The options that ask for fixes."""
    fix = click.option("--fix", is_flag=True, help="Change the sources where a finding has a fix that keeps behaviour.")
    unsafe = click.option("--unsafe-fixes", is_flag=True, help="Make fixes, too, that may change behaviour.")
    diff = click.option("--diff", is_flag=True, help="Show what --fix would change, and write nothing.")
    return fix(unsafe(diff(command)))


def mended(
    shown: Outcome, before: Outcome, wish: Wish, look: Callable[[Mapping[str, bytes]], Iterable[Finding]]
) -> Repair:
    """The repair of the findings that are ``shown``; written, or with ``--diff`` put out as a patch.

    ``look`` gives the findings when files have other bytes. One line on standard error for each fix that is not made.
    """
    from brokerlint.fixing import NotMadeError, repair

    root = shown.lines.root

    def read(path: str) -> bytes:
        if root is None or not (root / path).resolve().is_relative_to(root.resolve()):
            raise NotMadeError("its source is not among the files given")
        try:
            return (root / path).read_bytes()
        except OSError as error:
            raise NotMadeError(f"its source cannot be read: {error.strerror or error}") from error

    done = repair(shown.findings, before.findings, read, look, unsafe=wish.unsafe)
    if wish.diff:
        put("".join(_patch(shown.lines.shown(path), done.before[path], done.after[path]) for path in done.after), None)
    else:
        for path, data in done.after.items():
            assert root is not None
            _write(root / path, data)
    for line in _told(done, wish, shown):
        click.echo(terminal(line), err=True)
    return done


def _told(done: Repair, wish: Wish, shown: Outcome) -> Iterable[str]:
    for left in done.left:
        place = left.finding.place
        where = f"{shown.lines.shown(place.path)}:{place.line}: " if place else ""
        hint = " (--unsafe-fixes makes it)" if left.consent else ""
        yield f"not fixed: {where}{left.finding.check} {left.finding.name}: {left.why}{hint}"
    count = len(done.cured)
    yield f"{count} finding{'s' * (count != 1)} {'would be' if wish.diff else 'were' if count != 1 else 'was'} fixed."


def _write(path: Path, data: bytes) -> None:
    """Put the new bytes in place of the old ones at once, so that no half of a file is ever there."""
    path = path.resolve()
    beside = path.with_name(f".{path.name}.brokerlint")
    try:
        beside.write_bytes(data)
        beside.chmod(path.stat().st_mode)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error


def _patch(name: str, before: bytes, after: bytes) -> str:
    """The change of one file as a unified diff."""
    old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

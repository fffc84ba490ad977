"""What of the findings is new: against a baseline, against a revision, in files that have been changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from brokerlint.baseline import Known, compare, load, render
from brokerlint.cli.output import put
from brokerlint.cli.revision import git
from brokerlint.report.escape import terminal

if TYPE_CHECKING:
    from brokerlint.checking import Finding
    from brokerlint.report.outcome import Outcome

_F = TypeVar("_F", bound=Callable[..., object])
_MOST_TOLD = 10


def options(command: _F) -> _F:
    """The options that say what counts as new."""
    baseline = click.option(
        "--baseline", type=click.Path(path_type=Path), help="File whose findings are known: not shown, no failure."
    )
    write = click.option(
        "--write-baseline", type=click.Path(path_type=Path), help="Write all findings to this file as known."
    )
    prune = click.option("--prune-baseline", is_flag=True, help="Remove from --baseline what is found no more.")
    base = click.option("--diff-base", metavar="REVISION", help="Show only what is new since this git revision.")
    changed = click.option("--changed", is_flag=True, help="Show only findings in files that git says are changed.")
    return baseline(write(prune(base(changed(command)))))


def select(
    outcome: Outcome, known: Iterable[Known], baseline: Path | None, *, prune: bool, changed: bool
) -> tuple[Outcome, list[str]]:
    """The outcome without what is ``known``, and with ``changed`` without what is in unchanged files; and lines that
    tell what is left out. With ``prune`` the file ``baseline`` loses what is gone."""
    notes: list[str] = []
    entries = tuple(known)
    if entries:
        outcome, notes = _only_new(outcome, entries, baseline, prune=prune)
    if changed:
        findings = outcome.findings
        outcome = _in_changed_files(outcome, Path())
        left = len(findings) - len(outcome.findings)
        notes += [f"{left} finding{' is' if left == 1 else 's are'} in files that are not changed."] if left else []
    return outcome, notes


def _only_new(
    outcome: Outcome, known: tuple[Known, ...], baseline: Path | None, *, prune: bool
) -> tuple[Outcome, list[str]]:
    from brokerlint.checking.registry import load as registry

    idle = {check.id for check in registry()} - set(outcome.checks)
    compared = compare(outcome.findings, known, idle)
    gone = compared.gone if baseline is not None else ()
    notes = [f"gone: {terminal(f'{entry.check} {entry.message} ({entry.path})')}" for entry in gone[:_MOST_TOLD]]
    if prune and baseline is not None and gone:
        put(render(set(load(baseline)) - set(gone)), baseline)
    shown = f"{compared.known} known finding{' is' if compared.known == 1 else 's are'} not shown"
    count = len(compared.gone)
    notes.append(f"{shown}, {count} {'is' if count == 1 else 'are'} gone.")
    return replace(outcome, findings=compared.new), notes


def write(outcome: Outcome, path: Path) -> None:
    """Make all findings known: write them to the baseline ``path``."""
    put(render(Known.of(finding) for finding in outcome.findings), path)
    count = len(outcome.findings)
    click.echo(f"{count} finding{'s' * (count != 1)} written to {terminal(str(path))}.", err=True)


def _in_changed_files(outcome: Outcome, directory: Path) -> Outcome:
    """The findings with evidence in a file below ``directory`` that differs from the last commit, or is new."""
    changed = _changed(directory)
    root = Path(os.path.realpath(outcome.lines.root or directory))
    kept = tuple(finding for finding in outcome.findings if changed & _files(finding, root))
    return replace(outcome, findings=kept)


def _files(finding: Finding, root: Path) -> set[str]:
    places = (finding.place, *finding.evidence)
    return {os.path.normpath(root / place.path) for place in places if place is not None and place.path}


def _changed(directory: Path) -> set[str]:
    """The changed and untracked files as absolute paths. Before the first commit these are all files."""
    new = git(directory, "ls-files", "-z", "--others", "--exclude-standard")
    if new is None:
        raise click.ClickException("--changed: there is no git repository here")
    known = git(directory, "diff", "-z", "--name-only", "--relative", "--no-ext-diff", "HEAD", "--")
    if known is None:
        known = git(directory, "ls-files", "-z") or b""
    top = Path(os.path.realpath(directory))
    return {os.path.normpath(top / os.fsdecode(name)) for name in (new + known).split(b"\0") if name}

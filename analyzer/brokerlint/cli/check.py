"""``brokerlint check``: facts -> topology -> findings -> report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from brokerlint.baseline import Known
from brokerlint.baseline import load as load_baseline
from brokerlint.cli import mending, novelty
from brokerlint.cli.inputs import Inputs, arguments, gather, refuse, told, warn, words
from brokerlint.cli.output import append, colored, put
from brokerlint.cli.revision import Checkout, checked_out
from brokerlint.report import CHECK_FORMATS
from brokerlint.report.escape import terminal

if TYPE_CHECKING:
    from brokerlint.checking import Finding
    from brokerlint.config import Config
    from brokerlint.report.outcome import Outcome

_SUMMARY_FILE = "GITHUB_STEP_SUMMARY"


@click.command("check")
@arguments
@click.option("--format", "output_format", type=click.Choice(CHECK_FORMATS), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the result instead of standard output.")
@click.option(
    "--select", multiple=True, callback=words, metavar="CHECKS", help="Run only these: ids, names, prefixes, ALL."
)
@click.option("--extend-select", multiple=True, callback=words, metavar="CHECKS", help="Run these too.")
@click.option("--ignore", multiple=True, callback=words, metavar="CHECKS", help="Do not run these.")
@click.option("--profile", type=click.Choice(("default", "strict", "advisory", "ALL")), help="Set of checks to run.")
@click.option("--min-confidence", metavar="LEVEL", help="Show findings from this confidence on.")
@click.option("--fail-on", metavar="LEVEL", help="Exit with 1 from this severity[:confidence] on, or never.")
@novelty.options
@mending.options
@click.option("--statistics", is_flag=True, help="Count the findings of each check instead of showing them.")
@told
def command(
    paths: tuple[Path, ...],
    config_path: Path | None,
    include: tuple[str, ...],
    strict: bool,
    output_format: str,
    output: Path | None,
    baseline: Path | None,
    write_baseline: Path | None,
    prune_baseline: bool,
    diff_base: str | None,
    changed: bool,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    statistics: bool,
    **choices: Any,
) -> int:
    """Find architecture mistakes in how services use queues and topics.

    PATHS are directories, files, or graph documents written by 'brokerlint graph --format json'; several are merged.
    """
    if prune_baseline and not baseline:
        raise click.UsageError("--prune-baseline needs --baseline FILE")
    wish = mending.Wish(fix, unsafe_fixes, diff)
    look = partial(_look, config_path=config_path, include=include, choices=choices)
    known = _known(baseline, diff_base, paths, look)
    outcome, config = look(paths)
    if write_baseline:
        novelty.write(outcome, write_baseline)
        warn(outcome.facts)
        refuse(outcome.facts, strict=strict)
        return 0
    shown, notes = novelty.select(outcome, known, baseline, prune=prune_baseline, changed=changed)
    if wish:
        done = mending.mended(shown, outcome, wish, lambda texts: look(paths, texts=texts)[0].findings)
        if wish.diff:
            return 1 if done.after else 0
        if done.after:
            outcome, config = look(paths)
            shown, notes = novelty.select(outcome, known, baseline, prune=prune_baseline, changed=changed)
    _deliver(shown, "statistics" if statistics else output_format, output)
    for note in notes:
        click.echo(note, err=True)
    refuse(outcome.facts, strict=strict)
    return 1 if any(config.failing.fails(finding) for finding in shown.findings) else 0


def _known(
    baseline: Path | None, diff_base: str | None, paths: tuple[Path, ...], look: Callable[..., tuple[Outcome, Config]]
) -> tuple[Known, ...]:
    """The findings that are not new: those of the baseline, and those of the revision before."""
    known = load_baseline(baseline) if baseline else ()
    if not diff_base:
        return known
    with checked_out(diff_base, Path()) as checkout:
        copies = [copy for copy in map(checkout.copy, paths or (Path(),)) if copy.exists()]
        before = look(copies, checkout=checkout)[0].findings if copies else ()
    return (*known, *(Known.of(finding) for finding in before))


def _deliver(outcome: Outcome, output_format: str, output: Path | None) -> None:
    """Write the result, and on standard error what could not be looked at and a summary."""
    from brokerlint.report import render_check
    from brokerlint.report.text import summary

    if output_format == "statistics":
        put(_statistics(outcome.findings), output)
    else:
        put(render_check(output_format, outcome, color=colored(output)), output)
    if output_format == "github" and os.environ.get(_SUMMARY_FILE):
        from brokerlint.report.github import summary as job_summary

        append(job_summary(outcome), os.environ[_SUMMARY_FILE])
    warn(outcome.facts)
    click.echo(summary(outcome), err=True)


def _look(
    paths: Sequence[Path],
    *,
    config_path: Path | None,
    include: tuple[str, ...],
    choices: dict[str, Any],
    checkout: Checkout | None = None,
    texts: Mapping[str, bytes] = MappingProxyType({}),
) -> tuple[Outcome, Config]:
    """The outcome for ``paths``, and the configuration that held. ``texts`` hold instead of files."""
    inputs = gather(paths, config_path, include, _changes(**choices), checkout, texts)
    return _outcome(inputs, choices["ignore"], texts), inputs.config


def _changes(
    select: tuple[str, ...],
    extend_select: tuple[str, ...],
    profile: str | None,
    min_confidence: str | None,
    fail_on: str | None,
    **_rest: Any,
) -> dict[str, Any]:
    """What the command line sets instead of the configuration (``ignore`` adds to it)."""
    from brokerlint.confidence import Confidence
    from brokerlint.config import FailOn

    given: dict[str, Any] = {"select": select, "extend_select": extend_select, "profile": profile}
    try:
        if fail_on:
            given["fail_on"] = FailOn.of(fail_on)
        if min_confidence:
            given["min_confidence"] = Confidence.of(min_confidence)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return {key: value for key, value in given.items() if value}


def _outcome(inputs: Inputs, ignore: tuple[str, ...], texts: Mapping[str, bytes]) -> Outcome:
    """The findings, with the diagnostics of checks and suppressions among the facts'."""
    from brokerlint.checking import UnknownCheckError
    from brokerlint.judged import judged
    from brokerlint.report.outcome import Outcome
    from brokerlint.suppressions import in_tree

    facts, config = inputs.facts, replace(inputs.config, ignore=(*inputs.config.ignore, *ignore))
    comments, wrong = in_tree(facts, inputs.lines.root, texts) if inputs.lines.root else ((), ())
    try:
        verdict = judged(inputs.store, facts, config, comments)
    except UnknownCheckError as error:
        raise click.ClickException(str(error)) from error
    facts = replace(facts, diagnostics=(*facts.diagnostics, *wrong, *verdict.diagnostics))
    return Outcome(verdict.findings, facts, inputs.lines, verdict.checks)


def _statistics(findings: Iterable[Finding]) -> str:
    """How many findings each check has, most first."""
    counts = Counter((finding.check, finding.name) for finding in findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    width = max((len(str(count)) for count in counts.values()), default=0)
    return "".join(f"{count:>{width}}  {check}  {terminal(name)}\n" for (check, name), count in ordered)

"""``brokerlint advise``: which technology each channel's observed use fits, why, and what it would cost."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from brokerlint.cli.inputs import Inputs, arguments, gather, refuse, told, warn
from brokerlint.cli.output import colored, put
from brokerlint.report import ADVICE_FORMATS
from brokerlint.report.escape import terminal

if TYPE_CHECKING:
    from brokerlint.advising import Advice, Report
    from brokerlint.advising.answers import Answers
    from brokerlint.advising.prices import PriceTable
    from brokerlint.advising.questions import Question
    from brokerlint.topology import ChannelNode, Topology


@click.command("advise")
@arguments
@click.option("--format", "output_format", type=click.Choice(ADVICE_FORMATS), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the result instead of standard output.")
@click.option("--channel", "pattern", metavar="PATTERN", help="Only channels such as 'kafka:orders*'.")
@click.option("--cost", is_flag=True, help="Estimate what each candidate would cost a month.")
@click.option("--prices", type=click.Path(path_type=Path, dir_okay=False), help="Price table that replaces prices.")
@click.option("--interactive", is_flag=True, help="Ask the open questions and write the answers to the configuration.")
@told
def command(
    paths: tuple[Path, ...],
    config_path: Path | None,
    include: tuple[str, ...],
    strict: bool,
    output_format: str,
    output: Path | None,
    pattern: str | None,
    cost: bool,
    prices: Path | None,
    interactive: bool,
) -> int:
    """Say which technology fits the observed use of each channel: SQS, SNS, EventBridge, Kinesis, Kafka, or none.

    PATHS are directories, files, or graph documents written earlier; several are merged. Advice is no finding: the exit
    code is 0.
    """
    from brokerlint.report import render_advice
    from brokerlint.report.advice import AdviceReport

    table = _prices(prices) if cost or prices else None
    inputs = gather(paths, config_path, include, {})
    if interactive:
        inputs = _interview(inputs, paths, config_path, include, pattern, everything=table is not None)
    report = _report(inputs, pattern, table)
    put(render_advice(output_format, AdviceReport(report, inputs.lines), color=colored(output)), output)
    warn(inputs.facts)
    refuse(inputs.facts, strict=strict)
    return 0


def _prices(path: Path | None) -> PriceTable:
    from brokerlint.advising import PriceError
    from brokerlint.advising.prices import builtin, override

    try:
        return override(path) if path else builtin()
    except PriceError as error:
        raise click.ClickException(str(error)) from error


def _topology(inputs: Inputs) -> Topology:
    from brokerlint.topology import build

    return build(inputs.facts, inputs.config.declarations())


def _chosen(topology: Topology, pattern: str | None) -> tuple[ChannelNode, ...]:
    """The channels that ``pattern`` names by id, name or glob. Raises ``ClickException`` where it names none."""
    from brokerlint.advising import advised

    nodes = advised(topology)
    if not pattern:
        return nodes
    found = tuple(n for n in nodes if any(_fits(name, pattern) for name in (n.id, n.label, n.key)))
    if found:
        return found
    ids = sorted({node.id for node in nodes})
    near = difflib.get_close_matches(pattern, ids, n=1, cutoff=0.3) or ids[:1]
    hint = f"nearest is {near[0]!r}" if near else "no channels were found at all"
    raise click.ClickException(f"--channel {pattern!r}: matches no channel; {hint}")


def _fits(name: str, pattern: str) -> bool:
    """A name may hold brackets or stars of its own, so it also fits itself."""
    return name == pattern or fnmatchcase(name, pattern)


def _report(inputs: Inputs, pattern: str | None, prices: PriceTable | None) -> Report:
    from brokerlint.advising import Report, advise, advise_system
    from brokerlint.advising.costing import with_cost

    topology = _topology(inputs)
    advice = tuple(advise(channel) for channel in _chosen(topology, pattern))
    system = advise_system(topology, advice)
    if prices is not None:
        advice = tuple(with_cost(item, prices) for item in advice)
        _old_prices(advice, prices)
    return Report(advice, system)


def _old_prices(advice: Sequence[Advice], prices: PriceTable) -> None:
    """One line on standard error when prices that were used are old."""
    used = sorted({name for item in advice if item.cost for name in item.cost.prices})
    stale = prices.stale(used, date.today())
    if stale:
        oldest = min(prices.rows[name].read for name in stale)
        click.echo(
            f"warning: {len(stale)} of {len(used)} prices used are old (the oldest from {oldest}); check them, and "
            "replace them with --prices",
            err=True,
        )


def _interview(
    inputs: Inputs,
    paths: tuple[Path, ...],
    config_path: Path | None,
    include: tuple[str, ...],
    pattern: str | None,
    *,
    everything: bool,
) -> Inputs:
    """Ask the questions that could change a verdict (``everything``: also those that only the cost needs), write the
    answers, and look again with them."""
    from brokerlint.advising import advise
    from brokerlint.advising.answers import Answers, write

    answers = Answers()
    click.echo("An empty answer leaves a question open, q ends the questions.", err=True)
    asked = (
        (channel.id, question)
        for channel in _chosen(_topology(inputs), pattern)
        for question in advise(channel).questions
        if question.decisive or everything
    )
    for channel_id, question in asked:
        if question.key == "team_ops_capacity" and answers.team:
            continue
        if not _ask(channel_id, question, answers):
            break
    if not answers:
        return inputs
    source = config_path or (Path(inputs.config.source) if inputs.config.source else None)
    first = next((path for path in paths if path.is_dir()), Path())
    written = write(answers, source, first)
    click.echo(f"wrote the answers to {terminal(str(written))}", err=True)
    return gather(paths, written if config_path or not source else config_path, include, {})


def _ask(channel: str, question: Question, answers: Answers) -> bool:
    """Ask until the answer is understood; False when the user wants no more questions."""
    from brokerlint.advising.answers import AnswerError

    while True:
        label = f"{terminal(channel)}: {question.text} ({question.form})"
        typed = click.prompt(label, default="", show_default=False, err=True)
        if typed.strip().lower() == "q":
            return False
        try:
            answers.add(channel, question, typed)
        except AnswerError as error:
            click.echo(f"not understood: {terminal(str(error))}", err=True)
        else:
            return True

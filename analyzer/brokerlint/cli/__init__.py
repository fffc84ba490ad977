"""The command line. Each command is a module of this package, loaded when it is called and not before.

Exit codes: 0 nothing at or above the failing level, 1 findings, 2 wrong usage, configuration or input. Standard output
carries the result only; everything else goes to standard error, a problem as one line.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn, cast

import click

from brokerlint import __version__

GARBAGE = 100_000
"""Objects made between two searches for cycles. A run makes millions that stay and hardly any cycle."""

COMMANDS = {
    "check": "Find architecture mistakes in how services use queues and topics.",
    "graph": "Show which services produce to and consume from which channels.",
    "advise": "Say which technology fits the observed use of each channel, why, and what it costs.",
    "diff": "Show how the topology changes between two revisions or graph documents.",
    "explain": "Tell what a check finds, why that is bad, and when it is fine.",
    "checks": "List the installed checks, or try a pack of checks on its own examples.",
    "models": "List the client libraries that are understood, or try a model on its own examples.",
    "init": "Write a configuration with every key explained.",
}
"""The commands and what each does; the module of the same name holds the function ``command``."""

_SAYS_MORE = "BROKERLINT_DEBUG"


class _Commands(click.Group):
    """A group that knows its commands' names and summaries without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", import_module(f"brokerlint.cli.{cmd_name}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing at or above the failing level, 1 findings, 2 usage, configuration or input error.",
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """An architecture linter for messaging: how Python services use SQS, Kafka and their neighbours."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    gc.set_threshold(GARBAGE)
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (by default with the process's arguments) and give its exit code."""
    try:
        code = cli.main(None if arguments is None else list(arguments), "brokerlint", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
    except click.ClickException as error:
        _complain(f"error: {error.format_message()}")
    except click.Abort:
        _complain("interrupted")
        return 130
    except BrokenPipeError:  # the reader of our output went away, which is its right
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:
        if os.environ.get(_SAYS_MORE):
            raise
        _complain(f"internal error: {type(error).__name__}: {error} ({_SAYS_MORE}=1 shows where; please report it)")
    return 2


def _complain(message: str) -> None:
    from brokerlint.report.escape import terminal

    click.echo(f"brokerlint: {terminal(message)}", err=True)

"""``brokerlint init``: a configuration that explains itself."""

from __future__ import annotations

from pathlib import Path

import click

NAME = "brokerlint.yaml"

TEMPLATE = """\
# Configuration of brokerlint. Every key is optional; the values here are examples.
# The same keys may stand under [tool.brokerlint] in pyproject.toml.

# May other repositories use the channels found here? open: yes; closed: no; auto: closed only where files prove it.
#world: auto

# Which checks run: default (few and quiet), strict (everything sure), advisory (design review), ALL.
#profile: default
#select: [ARC, SQS1]
#extend_select: [SEC]
#min_confidence: medium

# From which severity[:confidence] on the exit code is 1.
#fail_on: error:high

# A check that does not run at all, and findings that are accepted for a reason, until a day.
#ignore:
#- ARC123
#- {check: ARC111, channel: "sqs:jobs", reason: blue/green until the cut-over, until: 2027-01-31}

# Files, relative to this one. include: tests, examples, vendored, generated, or patterns; exclude wins.
#include: [tests/load]
#exclude: [legacy/**]

# Which manifests are which environment, where names do not tell.
#environments:
#  prod: [deploy/live/**]
#  dev: [deploy/sandbox/**]

# What no file tells about channels.
#channels:
#- match: "kafka:orders.*"
#  external_consumers: [fraud (repo fraud-svc)]
#  needs: {replay: true, ordering: per-key, volume: 200/s, peak: 2k/s, retention: 30d}
#  role: event
#- match: "sqs:render-*"
#  shared_workers: true

# Services whose borders folders and manifests do not show.
#services:
#- {name: billing, roots: [services/billing], owners: [payments]}

# In-house messaging libraries whose source is elsewhere: models as files beside this one, or in place.
#wrappers:
#- library: acme-bus
#  system: kafka
#  modules: [acme_bus]
#  functions:
#    acme_bus.publish: {role: produce, channel: [0, topic]}
#- {call: acme_events.emit, role: produce, system: sns, channel: [0, topic]}    # or a single call

# Judgements that may differ here (brokerlint's own values stand in its table of thresholds).
#thresholds: {long_work: 10}

# Who watches lag and depth outside of this tree, and how much operating the team can take on.
#monitoring: Datadog
#team_ops_capacity: low
"""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
def command(directory: Path) -> int:
    """Write a configuration with every key explained to DIRECTORY (by default here)."""
    path = directory / NAME
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError as error:
        raise click.ClickException(f"{path}: exists already") from error
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error
    click.echo(f"wrote {path}", err=True)
    return 0

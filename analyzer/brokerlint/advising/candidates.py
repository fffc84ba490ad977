"""Candidates: the technologies to choose from, as the table describes them, and which of them a channel runs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from brokerlint.tables import table
from brokerlint.topology import ChannelNode

_DEVELOPMENT = ("dev", "test")


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a candidate, with the page that says so."""

    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One technology. ``yes`` and ``no`` map needs to points; ``cannot`` are needs that exclude it, of ``requires`` one
    must be there; ``moving_parts`` counts what has to be run, watched and upgraded."""

    key: str
    title: str
    family: str
    moving_parts: int
    cannot: frozenset[str] = frozenset()
    requires: tuple[str, ...] = ()
    yes: Mapping[str, int] | None = None
    no: Mapping[str, int] | None = None
    base: int = 0
    on_system: str = ""
    oldest_version: str = ""
    conditions: tuple[Condition, ...] = ()

    @property
    def rank(self) -> int:
        """How far its family is from a plain call or queue: 0 call, 1 queue, 2 publish-subscribe, 3 log."""
        return list(table("candidates")["families"]).index(self.family)


@cache
def candidates() -> Mapping[str, Candidate]:
    """All candidates by key."""
    return {key: _candidate(key, row) for key, row in table("candidates")["candidates"].items()}


def _candidate(key: str, row: Mapping[Any, Any]) -> Candidate:
    return Candidate(  # YAML reads the keys yes and no as booleans
        key=key,
        title=row["title"],
        family=row["family"],
        moving_parts=row["moving_parts"],
        cannot=frozenset(row.get("cannot", ())),
        requires=tuple(row.get("requires", ())),
        yes=row.get(True, {}),
        no=row.get(False, {}),
        base=row.get("base", 0),
        on_system=row.get("on_system", ""),
        oldest_version=row.get("oldest_version", ""),
        conditions=tuple(Condition(item["text"], item.get("source", "")) for item in row.get("conditions", ())),
    )


def in_use(channel: ChannelNode) -> tuple[str, ...]:
    """The candidates that the channel may run on today: several where the manifests do not say who runs Kafka, none
    for a system that advice does not know."""
    if channel.system == "sqs":
        return ("sqs-fifo",) if channel.property("fifo") else ("sqs-standard",)
    if channel.system == "kinesis":
        return ("kinesis-queue",) if channel.kind == "queue" else ("kinesis",)
    if channel.system == "kafka":
        shared = any(
            use.fact("group_kind") == "share" or (use.link and use.link.properties.get("consumption_mode") == "Queue")
            for use in channel.consumers()
        )
        return (*(("kafka-share-group",) if shared else ()), *_hosting(channel))
    return {"sns": ("sns-sqs",), "eventbridge": ("eventbridge",)}.get(channel.system, ())


def _hosting(channel: ChannelNode) -> tuple[str, ...]:
    kinds = set()
    for cluster in channel.topology.channels(system="kafka", kind="cluster"):
        kind = str(cluster.property("cluster_kind") or "")
        if cluster.environment not in _DEVELOPMENT and kind not in ("", "compose", "unknown"):
            kinds.add("self-managed-kafka" if kind in ("strimzi", "helm") else "msk")
    return tuple(kinds) if len(kinds) == 1 else ("msk", "self-managed-kafka")


def broker_version(channel: ChannelNode) -> str:
    """The version of the cluster that the manifests declare; empty when they tell none or several."""
    clusters = channel.topology.channels(system="kafka", kind="cluster") if channel.system == "kafka" else ()
    versions = {str(cluster.property("version")) for cluster in clusters if cluster.property("version")}
    return versions.pop() if len(versions) == 1 else ""

"""Kafka's own configuration keys in the words of channel properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_MILLISECONDS = 1000


def topic_properties(config: Mapping[str, str]) -> dict[str, Any]:
    """A topic's configuration (``retention.ms`` ...). What is not a plain value is left out."""
    return _translated(config, _TOPIC)


def broker_properties(config: Mapping[str, str]) -> dict[str, Any]:
    """A broker's configuration (``num.partitions`` ...)."""
    return _translated(config, _BROKER)


def whole(text: str) -> int | None:
    """An integer; None for anything else."""
    plain = text.strip()
    return int(plain) if plain.removeprefix("-").isdecimal() and len(plain) < 20 else None


def truth(text: str) -> bool | None:
    """True or false; None for anything else."""
    return {"true": True, "false": False}.get(text.strip().lower())


def _seconds(text: str) -> int | None:
    number = whole(text)
    return number if number is None or number < 0 else number // _MILLISECONDS


def _hours(text: str) -> int | None:
    number = whole(text)
    return number if number is None or number < 0 else number * 3600


def _policy(text: str) -> str | None:
    words = sorted({word.strip() for word in text.strip("[]").split(",")})
    return "both" if words == ["compact", "delete"] else words[0] if words in (["compact"], ["delete"]) else None


_Rules = Mapping[str, tuple[str, Callable[[str], Any]]]
_TOPIC: _Rules = {
    "retention.ms": ("retention", _seconds),
    "cleanup.policy": ("cleanup_policy", _policy),
    "min.insync.replicas": ("min_insync_replicas", whole),
    "max.message.bytes": ("max_size", whole),
    "remote.storage.enable": ("tiered", truth),
    "unclean.leader.election.enable": ("unclean_election", truth),
}
_BROKER: _Rules = {
    "num.partitions": ("partitions", whole),
    "default.replication.factor": ("replication_factor", whole),
    "min.insync.replicas": ("min_insync_replicas", whole),
    "auto.create.topics.enable": ("auto_create", truth),
    "unclean.leader.election.enable": ("unclean_election", truth),
    "offsets.topic.replication.factor": ("internal_replication", whole),
    "log.retention.hours": ("retention", _hours),
    "log.retention.ms": ("retention", _seconds),
    "log.cleanup.policy": ("cleanup_policy", _policy),
    "message.max.bytes": ("max_size", whole),
}


def _translated(config: Mapping[str, str], rules: _Rules) -> dict[str, Any]:
    found = {}
    for key, (name, convert) in rules.items():
        value = convert(config[key]) if key in config else None
        if value is not None:
            found[name] = value
    return found

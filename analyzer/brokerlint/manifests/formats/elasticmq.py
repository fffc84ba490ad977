"""ElasticMQ configurations: the queues that a stand-in for SQS has from its start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ChannelFact, End, LinkFact, ManifestFacts, Text
from brokerlint.manifests.kafka_properties import truth, whole
from brokerlint.manifests.tree import Tree
from brokerlint.places import Place

_TOKEN = re.compile(r"(?:#|//)[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|[{}=:\n,]|[^\s{}=:,#\"]+(?:[ \t]+[^\s{}=:,#\"]+)*")
_DURATION = re.compile(r"(\d{1,9})\s*(ms|millis\w*|s|sec\w*|m|min\w*|h|hour\w*|d|day\w*)?\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SECONDS = {"defaultVisibilityTimeout": "visibility_timeout", "delay": "delay", "receiveMessageWait": "wait_time"}
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class ElasticMq:
    """The queues of one file."""

    facts: ManifestFacts


def wants(path: str, head: bytes) -> bool:
    """Configurations with a block of queues."""
    return path.endswith(".conf") and re.search(rb"^\s*queues\s*[{=:]", head, re.MULTILINE) is not None


def read(path: str, text: str) -> ElasticMq:
    """The queues of a file and their dead-letter queues. Durations are given in seconds."""
    channels: list[ChannelFact] = []
    links: list[LinkFact] = []
    for keys, values, line in _blocks(text):
        if len(keys) != 2 or keys[0] != "queues":
            continue
        name = keys[1]
        place = Place(path, line, 0, f"declares {name}")
        properties: dict[str, Any] = {
            own: _seconds(values[key]) for key, own in _SECONDS.items() if _seconds(values.get(key, "")) is not None
        }
        if name.endswith(".fifo") or truth(values.get("fifo", "")):
            properties["fifo"] = True
        if "deadLettersQueue.name" in values:
            dead = End("sqs", Text(values["deadLettersQueue.name"]))
            count = whole(values.get("deadLettersQueue.maxReceiveCount", ""))
            limits = {} if count is None else {"max_receive_count": count}
            properties |= {"dead_letter": dead, **limits}
            links.append(LinkFact("redrive", End("sqs", Text(name)), dead, place, limits))
        channels.append(
            ChannelFact(f"{path}#sqs/{name}", "sqs", "queue", Text(name), name, place, properties, profile="dev")
        )
    return ElasticMq(ManifestFacts(channels=tuple(channels), links=tuple(links)))


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """The queues of all files."""
    facts = ManifestFacts()
    for _, document in sorted(documents.items()):
        facts += document.facts
    return facts


def _blocks(text: str) -> Iterator[tuple[tuple[str, ...], dict[str, str], int]]:
    """Every block with its keys from the top, its values (those of blocks below with dotted keys), and its line."""
    keys: list[tuple[str, int]] = []
    values: list[dict[str, str]] = [{}]
    key = ""
    pending = False
    line = 1
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece == "\n":
            line, pending = line + 1, False
        elif piece == "{" and len(keys) < _DEEPEST:
            keys.append((key, line))
            values.append({})
            pending = False
        elif piece == "}" and keys:
            own = values.pop()
            yield tuple(name for name, _ in keys), own, keys[-1][1]
            name = keys.pop()[0]
            values[-1] |= {f"{name}.{inner}": value for inner, value in own.items()}
        elif piece in "=:":
            pending = True
        elif piece == ",":
            pending = False
        elif not piece.startswith(("#", "//")):
            plain = piece.strip('"')
            if pending:
                values[-1][key] = plain
            else:
                key = plain
            pending = False


def _seconds(text: str) -> int | None:
    match = _DURATION.match(text.strip())
    if not match:
        return None
    unit = match[2] or "s"
    return int(match[1]) // 1000 if unit.startswith(("ms", "milli")) else int(match[1]) * _UNITS[unit[0]]

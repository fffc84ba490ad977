"""Scripts of ksqlDB and of Flink's SQL client: the topics that their queries read and write."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from brokerlint.manifests.facts import End, LinkFact, ManifestFacts, Text
from brokerlint.manifests.streaming_sql import Flow, flows
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import interpolated
from brokerlint.places import Place

_HEAD = re.compile(rb"\bKAFKA_TOPIC\s*=|'connector'\s*=\s*'(?:upsert-)?(?:kafka|kinesis)", re.IGNORECASE)


def wants(path: str, head: bytes) -> bool:
    """SQL files that name a topic or a connector to one."""
    return path.endswith((".sql", ".ksql")) and _HEAD.search(head) is not None


def read(path: str, text: str) -> tuple[Flow, ...]:
    """What the script reads and writes."""
    return tuple(flows(text))


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """A link for every channel that a script reads or writes; the script is a service called like its file."""
    found = []
    for path, document in sorted(documents.items()):
        service = End("service", Text(posixpath.splitext(posixpath.basename(path))[0]))
        seen = set()
        for flow in document:
            if (flow.role, flow.system, flow.channel) in seen:
                continue
            seen.add((flow.role, flow.system, flow.channel))
            end = End(flow.system, interpolated(flow.channel, {}))
            place = Place(path, flow.line).saying(f"a query {'reads' if flow.role == 'read' else 'writes'}")
            ends = (end, service) if flow.role == "read" else (service, end)
            properties = {"class": "sql", **({"group": flow.group} if flow.group else {})}
            found.append(LinkFact("connector", *ends, place, properties))
    return ManifestFacts(links=tuple(found))

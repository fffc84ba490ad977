"""Consumer groups: which readers of a channel share its messages, and which get a copy of their own.

Kafka names its groups. A Lambda mapping or connector that names none has one of its own, as has a reader without a
group. Every application that reads a stream, and every target of a topic or bus, gets a copy too; a queue has one.
"""

from __future__ import annotations

from brokerlint.confidence import Confidence, binding, weakest
from brokerlint.facts import Name
from brokerlint.topology.channel import Group
from brokerlint.topology.uses import Use, Uses


def groups_of(consumers: Uses, system: str) -> tuple[Group, ...]:
    """The groups that ``consumers`` form, in the order in which they are met.

    A use with several possible group names belongs to each of them.
    """
    if system == "sqs":
        return (Group("pollers", "pollers", True, consumers),) if consumers else ()
    members: dict[str, list[Use]] = {}
    about: dict[str, tuple[str, bool, Confidence]] = {}
    for use in consumers:
        for key, name, known, confidence in _memberships(use, system):
            members.setdefault(key, []).append(use)
            known_before = about.get(key, (name, known, confidence))
            about[key] = (name, known, min(confidence, known_before[2]))
    return tuple(Group(key, about[key][0], about[key][1], Uses(uses), about[key][2]) for key, uses in members.items())


def _memberships(use: Use, system: str) -> list[tuple[str, str, bool, Confidence]]:
    """Key, name, whether it is known and how well, for each group that a use may belong to."""
    if use.link is not None and use.link.properties.get("group"):
        name = str(use.link.properties["group"])
        return [(name, name, True, Confidence.CERTAIN)]
    if use.link is not None or system != "kafka":
        own = f"@{use.link.kind if use.link else 'app'}:{use.who}"
        return [(own, use.who, True, use.confidence)]
    assert use.endpoint is not None
    names = use.groups
    if not names:
        if use.fact("group_kind") == "none":
            own = f"@reader:{use.endpoint.id}"
            return [(own, "no group", True, Confidence.HIGH)]
        return [(f"?{use.endpoint.id}", "?", False, Confidence.LOW)]
    level = _strength(names)
    return [(*_identity(name, use), min(level, binding(name))) for name in names]


def _identity(name: Name, use: Use) -> tuple[str, str, bool]:
    """Key, name and whether it is known. A variable of unknown value is one group within a service only."""
    if name.kind in ("exact", "pattern") and name.text is not None:
        return name.text, name.text, True
    if name.kind == "env":
        return f"${name.env}@{use.who}", f"${name.env}", False
    return f"?{use.endpoint.id if use.endpoint else use.who}", "?", False


def _strength(names: tuple[Name, ...]) -> Confidence:
    """How well a group is known through its possible names: several are worth at most ``medium``."""
    level = weakest((binding(name) for name in names), Confidence.LOW)
    return min(level, Confidence.MEDIUM) if len(names) > 1 else level

"""Stacks: a channel of one name that several stacks create is several channels.

A platform refuses a second queue of the same name, so two manifests that each *create* `orders` are deployed apart from
each other: in two accounts, or one instead of the other. Whoever uses the queue then uses that of the own stack. A
name with holes (`${AWS::StackName}-queue`) differs from stack to stack anyway.

Kafka's topics are not told apart: what a manifest declares there (a topic of the operator, of an application platform,
a script that creates it if it is missing) is the need of a topic on a cluster that other declarations share.

Nothing is told apart where only one stack's side has users of its own, nor by declarations for development and tests:
a service's local set-up creates what other services own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from brokerlint.facts import Channel, Link
from brokerlint.topology.channel import ChannelNode
from brokerlint.topology.uses import Use, Uses

_SHARED_SYSTEMS = frozenset({"kafka"})
"""Systems in which several manifests may declare the same channel."""


def by_stack(channel: ChannelNode) -> tuple[ChannelNode, ...]:
    """The channel, or one for each stack that creates it. Users that belong to no one stack use each of them."""
    if channel.system in _SHARED_SYSTEMS:
        return (channel,)
    stacks = Stacks(channel.declarations)
    return tuple(_part(channel, stacks, folder) for folder in stacks.told_apart(channel.uses)) or (channel,)


def _part(channel: ChannelNode, stacks: Stacks, folder: tuple[str, ...]) -> ChannelNode:
    """What one stack has of a channel."""
    key = f"{channel.id}@{'/'.join(folder)}"
    uses = Uses(replace(use, channel=key) for use in channel.uses if stacks.owner(use) in (folder, None))
    links = tuple(link for link in channel.link_list if stacks.owner(link) in (folder, None))
    return replace(channel, key=key, declarations=stacks.declared_in(folder), uses=uses, link_list=links)


class Stacks:
    """The folders whose manifests create one channel, and which of them a use or link belongs to."""

    def __init__(self, declarations: Iterable[Channel]) -> None:
        self.declarations = tuple(declarations)
        deployed = [channel for channel in self.declarations if channel.environment not in ("dev", "test")]
        places = {place.path for channel in deployed for place in channel.declared_at}
        self._folders = {_folder(path) for path in sorted(places)}

    def told_apart(self, uses: Iterable[Use]) -> tuple[tuple[str, ...], ...]:
        """The folders to tell apart; empty where the channel is one."""
        if len(self._folders) < 2 or len({owner for use in uses if (owner := self.owner(use))}) < 2:
            return ()
        return tuple(sorted(self._folders))

    def owner(self, item: Use | Link) -> tuple[str, ...] | None:
        """The one folder that a use or link belongs to; None where it may belong to any."""
        if isinstance(item, Link):
            return self._nearest(item.place.path)
        paths = [item.link.place.path] if item.link else []
        if item.service is not None:
            paths += [place.path for place in item.service.evidence]
        if item.endpoint is not None:
            paths.append(item.endpoint.place.path)
        found = (self._nearest(path) for path in paths)
        return next((folder for folder in found if folder is not None), None)

    def declared_in(self, folder: tuple[str, ...]) -> tuple[Channel, ...]:
        """What that folder's manifests declare."""
        own = []
        for channel in self.declarations:
            places = tuple(place for place in channel.declared_at if _folder(place.path) == folder)
            if places:
                own.append(replace(channel, declared_at=places))
        return tuple(own)

    def _nearest(self, path: str) -> tuple[str, ...] | None:
        folder = _folder(path)
        if folder in self._folders:
            return folder
        shared = {other: _shared(folder, other) for other in self._folders}
        most = max(shared.values(), default=0)
        nearest = [other for other, count in shared.items() if count == most]
        return nearest[0] if most and len(nearest) == 1 else None


def _folder(path: str) -> tuple[str, ...]:
    return PurePosixPath(path).parts[:-1]


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many folders two paths have in common, from the root."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count

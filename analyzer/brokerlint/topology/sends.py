"""What a handler sends, as far as that can be told: which sends of its service are done for the messages it gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from brokerlint.places import Place
from brokerlint.topology.uses import Use, Uses


class Sends:
    """What one service sends in code, by the function that holds the call and by the places that the call passes."""

    def __init__(self, produces: Uses) -> None:
        self._uses = produces
        self._handlers: dict[tuple[str, str], list[int]] = {}
        self._places: dict[tuple[str, int], list[int]] = {}
        self._passing: dict[tuple[str, int], list[int]] = {}
        for number, use in enumerate(produces):
            self._handlers.setdefault(use.handler, []).append(number)
            self._places.setdefault((use.place.path, use.place.line), []).append(number)
            for place in use.endpoint.call_chain if use.endpoint else ():
                self._passing.setdefault((place.path, place.line), []).append(number)

    def of(self, consume: Use) -> Uses:
        """What the handler of ``consume`` sends.

        The handler's known effects decide: they name the place of the call. Where several calls of a wrapper share
        that place, only those in the handler itself count, since it is not known which of the others the handler
        reaches. Without known effects, standing in one function after the receiving call does.
        """
        if consume.endpoint is None:
            return Uses()
        own = self._handlers.get(consume.handler, [])
        effects = consume.fact("effects")
        if effects is None or consume.fact("messages_escape") is True:
            return Uses(use for use in self._at(own) if use.place.line > consume.place.line)
        places = {_at(effect.get("place")) for effect in effects if effect["class"] == "produce"} - {None}
        found = {number for place in places if place for number in self._places.get(place, ())}
        through = {number for place in places if place for number in self._passing.get(place, ())}
        found |= {number for number in through - found if number in own or self._alone(number, places)}
        return Uses(self._at(sorted(found)))

    def _alone(self, number: int, places: set[tuple[str, int] | None]) -> bool:
        """Does no other call pass one of ``places`` that this one passes?"""
        endpoint = self._uses[number].endpoint
        passed = [(place.path, place.line) for place in endpoint.call_chain] if endpoint else []
        sharing = (other for place in passed if place in places for other in self._at(self._passing[place]))
        return len({other.endpoint.id for other in sharing if other.endpoint}) == 1

    def _at(self, numbers: Iterable[int]) -> Iterator[Use]:
        return (self._uses[number] for number in numbers)


def _at(place: object) -> tuple[str, int] | None:
    """Path and line of a place, read from JSON or not."""
    if isinstance(place, dict):
        return str(place.get("path", "")), int(place.get("line", 0))
    return (place.path, place.line) if isinstance(place, Place) else None

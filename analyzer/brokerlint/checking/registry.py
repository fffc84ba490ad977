"""Which checks there are, and which of them run.

Packs of checks are found through the entry-point group ``brokerlint.checks``; each names a package (or module) whose
modules define `Check` classes. The built-in pack comes the same way as anybody else's.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import ModuleType

from brokerlint.checking.check import ADVISORY, DEFAULT, STRICT, Check
from brokerlint.checking.finding import Finding, Severity
from brokerlint.confidence import Confidence

GROUP = "brokerlint.checks"
_BUILT_IN = "brokerlint_checks"
ALL = "ALL"


class UnknownCheckError(ValueError):
    """A selection names something that is neither an id, a name nor a prefix of ids."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A named selection: its checks' mark, the lowest confidence and the severities that it shows."""

    name: str
    includes: frozenset[str]
    minimum: Confidence
    severities: frozenset[Severity]


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(DEFAULT, frozenset({DEFAULT}), Confidence.MEDIUM, frozenset({Severity.ERROR, Severity.WARNING})),
        Profile(STRICT, frozenset({DEFAULT, STRICT}), Confidence.MEDIUM, frozenset(Severity) - {Severity.INFO}),
        Profile(ADVISORY, frozenset({DEFAULT, ADVISORY}), Confidence.MEDIUM, frozenset(Severity)),
        Profile(ALL, frozenset(), Confidence.LOW, frozenset(Severity)),
    )
}
"""The profiles. ``strict`` adds to ``default``; ``advisory`` is the design review; ``ALL`` is everything there is."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The checks that run, and what of their findings is shown.

    ``named`` holds the ids that were selected by id, name or prefix: of these every confidence and severity is shown.
    """

    checks: tuple[Check, ...]
    profile: Profile
    named: frozenset[str] = frozenset()
    minimum: Confidence | None = None

    @property
    def everything(self) -> bool:
        """All checks were asked for, whatever the environment."""
        return self.profile.name == ALL

    def shows(self, finding: Finding, check: Check) -> bool:
        """Whether a finding is shown."""
        if check.id in self.named or self.everything:
            return finding.confidence >= (self.minimum or Confidence.LOW)
        if finding.severity not in self.profile.severities and not check.headline:
            return False
        lowest = self.profile.minimum
        if check.shows_low and self.profile.name != DEFAULT and self.profile.name in check.profiles:
            lowest = Confidence.LOW
        return finding.confidence >= (self.minimum or lowest)


class Registry:
    """All known checks, by id."""

    def __init__(self, checks: Iterable[type[Check]]) -> None:
        """From check classes. Raises ``ValueError`` when two share an id or a name."""
        self._by_id: dict[str, Check] = {}
        self._by_name: dict[str, Check] = {}
        for kind in checks:
            check = kind()
            for index, key in ((self._by_id, check.id), (self._by_name, check.name)):
                if key in index and type(index[key]) is not kind:
                    raise ValueError(f"two checks are called {key!r}: {type(index[key])} and {kind}")
                index[key] = check

    def __iter__(self) -> Iterator[Check]:
        return iter(self._by_id[key] for key in sorted(self._by_id))

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, word: str) -> Check:
        """The check of this id or name. Raises `UnknownCheckError` naming the nearest."""
        check = self._by_id.get(word.upper()) or self._by_name.get(word.lower())
        if check is None:
            raise UnknownCheckError(self._unknown(word))
        return check

    def matching(self, word: str) -> tuple[Check, ...]:
        """The checks of an id, a name, a prefix of ids, or ALL. Raises `UnknownCheckError` naming the nearest."""
        if word == ALL:
            return tuple(self)
        if word.lower() in self._by_name:
            return (self._by_name[word.lower()],)
        found = tuple(check for check in self if check.id.startswith(word.upper()))
        if not found or not word:
            raise UnknownCheckError(self._unknown(word))
        return found

    def select(
        self,
        *,
        profile: str = DEFAULT,
        select: Iterable[str] = (),
        extend: Iterable[str] = (),
        ignore: Iterable[str] = (),
        minimum: Confidence | None = None,
    ) -> Selection:
        """The checks to run: those of ``profile``, or only those of ``select``; more with ``extend``, less ``ignore``.

        Words are ids, names, prefixes (``ARC``, ``SQS1``) or ``ALL``. Raises `UnknownCheckError` for any other word and
        for an unknown profile.
        """
        if profile not in PROFILES:
            raise UnknownCheckError(f"unknown profile {profile!r}{_hint(profile, PROFILES)}")
        chosen, select, extend = PROFILES[profile], tuple(select), tuple(extend)
        if ALL in (*select, *extend):
            chosen = PROFILES[ALL]
        named = {check.id for word in (*select, *extend) for check in self.matching(word)}
        base: set[str] = set()
        if not select:
            base = {check.id for check in self if chosen.name == ALL or check.profiles & chosen.includes}
        ids = (base | named) - {check.id for word in ignore for check in self.matching(word)}
        return Selection(tuple(self._by_id[key] for key in sorted(ids)), chosen, frozenset(named), minimum)

    def _unknown(self, word: str) -> str:
        return f"unknown check {word!r}{_hint(word, (*self._by_id, *self._by_name))}"


def _hint(word: str, known: Iterable[str]) -> str:
    spelled = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), spelled, n=1, cutoff=0.4)
    return f"; did you mean {spelled[near[0]]!r}?" if near else ""


def packs() -> tuple[str, ...]:
    """The modules of all installed packs; the built-in one also when the program runs from its source tree."""
    return tuple(sorted({_BUILT_IN, *(point.module for point in entry_points(group=GROUP))}))


def load() -> Registry:
    """The checks of all installed packs."""
    points = list(entry_points(group=GROUP))
    modules = [point.load() for point in points]
    if not any(point.module == _BUILT_IN for point in points):
        modules.append(importlib.import_module(_BUILT_IN))
    return Registry(kind for module in modules for kind in checks_in(module))


def checks_in(module: ModuleType) -> tuple[type[Check], ...]:
    """The check classes that a module, or the modules of a package, define; by id."""
    modules = [module]
    if hasattr(module, "__path__"):
        prefix = f"{module.__name__}."
        modules += [
            importlib.import_module(info.name)
            for info in pkgutil.walk_packages(module.__path__, prefix)
            if not info.name.rpartition(".")[2].startswith("_")
        ]
    found = {
        kind
        for each in modules
        for kind in vars(each).values()
        if isinstance(kind, type) and issubclass(kind, Check) and not inspect.isabstract(kind) and hasattr(kind, "id")
    }
    return tuple(sorted(found, key=lambda kind: kind.id))

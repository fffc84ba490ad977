"""Workers: the services that run Celery, and the queues that each one takes, by the commands that start them."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from brokerlint.link.services import Deployment, Services
from brokerlint.manifests.facts import ServiceFact, Text, Variable
from brokerlint.manifests.shell import run
from brokerlint.manifests.shell_syntax import parse
from brokerlint.places import Place
from brokerlint.read import Sources

_VARIABLE = re.compile(r"\$\{?(\w+)(?::?-([^}]*))?\}?")


@dataclass(frozen=True, slots=True)
class Worker:
    """A service that runs a worker or beat. ``queues``: those of ``-Q``, None without it, "*" for one not known."""

    deployment: Deployment
    queues: frozenset[str] | None
    beat: bool
    works: bool
    key: str
    place: Place
    """What its manifest calls the service, and where it says so."""


class Workers:
    """The Celery processes of one tree."""

    def __init__(self, services: Services, sources: Sources, paths: Iterable[str]) -> None:
        self._services = services
        self._sources = sources
        self._scripts = {
            path for path in paths if path.endswith((".sh", ".bash")) or "." not in posixpath.basename(path)
        }
        self.all = [worker for one in services.deployments for worker in self._of(one)]

    def taking(self, queues: Iterable[str], path: str) -> list[Deployment]:
        """The services that take tasks of ``path`` from any of ``queues`` (all workers when these are not known)."""
        wanted = set(queues)
        able = self._able(path)
        named = [one for one in able if one.queues is not None and one.queues & wanted]
        if named:
            return [one.deployment for one in named]
        rest = [one for one in able if one.queues is None or "*" in one.queues]
        return [one.deployment for one in rest or able] or self._services.running(path)

    def queues(self, path: str) -> frozenset[str] | None:
        """The queues that the workers for ``path`` are told to take; None when one takes whatever is configured."""
        able = self._able(path)
        named = [one.queues for one in able if one.queues is not None and "*" not in one.queues]
        return frozenset().union(*named) if named and len(named) == len(able) else None

    def scheduling(self, path: str) -> list[Deployment]:
        """The services that send the schedule that stands in ``path``."""
        beats = [one.deployment for one in self.all if one.beat]
        near = [one for one in beats if path in one.reach]
        return near or beats or self._services.running(path)

    def _able(self, path: str) -> list[Worker]:
        """The workers that can run code of ``path``: those that import it, where that is known of any."""
        working = [one for one in self.all if one.works]
        reaching = [one for one in working if path in one.deployment.reach]
        if reaching:
            return reaching
        inside = [one for one in working if any(_holds(root, path) for root in one.deployment.service.roots or ("",))]
        return inside or working

    # --- Commands -------------------------------------------------------------------------------------------------

    def _of(self, deployment: Deployment) -> list[Worker]:
        found: list[Worker] = []
        for fact in deployment.facts:
            for words in self._commands(fact):
                worker = _worker(deployment, words, fact)
                if worker is not None:
                    found.append(worker)
        return found[:1]

    def _commands(self, fact: ServiceFact) -> list[list[str]]:
        """The command, and the lines of a script that it starts, each as words."""
        words = [word for part in fact.command for word in _split(part)]
        found = [words] if words else []
        for word in words:
            for path in self._scripts_called(word, fact):
                variables = {name: text for name, setting in fact.environment.items() if (text := _text(setting.value))}
                script = parse(self._sources.text(path).decode("utf-8", "replace"))
                found += [list(call.words) for call in run(script, words[words.index(word) + 1 :], variables)]
        return found

    def _scripts_called(self, word: str, fact: ServiceFact) -> list[str]:
        name = posixpath.basename(word)
        if not name.endswith((".sh", ".bash")) and "/" not in word:
            return []
        candidates = [path for path in self._scripts if posixpath.basename(path) == name]
        tail = word.removeprefix("./").lstrip("/")
        exact = [path for path in candidates if path == tail or path.endswith(f"/{tail}") or tail.endswith(f"/{path}")]
        near = [path for path in exact or candidates if any(_holds(root, path) for root in fact.roots or ("",))]
        return (near or exact or candidates)[:1]


_PROGRAMS = {"celery": "", "celeryd": "worker", "celerybeat": "beat"}


def _worker(deployment: Deployment, words: list[str], fact: ServiceFact) -> Worker | None:
    index = next((i for i, word in enumerate(words) if posixpath.basename(word) in _PROGRAMS), None)
    if index is None:
        return None
    rest = [_PROGRAMS[posixpath.basename(words[index])], *words[index + 1 :]]
    works = "worker" in rest
    beat = not {"beat", "-B", "--beat"}.isdisjoint(rest)
    if not works and not beat:
        return None
    known = {name: _text(setting.value) for name, setting in fact.environment.items()}
    return Worker(deployment, _queues(rest, known), beat, works, fact.key, fact.place)


def _text(value: object) -> str:
    if isinstance(value, Text):
        return value.text
    return _text(value.default) if isinstance(value, Variable) and value.default is not None else ""


def _queues(words: list[str], environment: Mapping[str, str]) -> frozenset[str] | None:
    """What ``-Q a,b``, ``-Qa,b``, ``--queues=a,b`` or ``--queues a b`` name."""
    given: list[str] = []
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word in ("-Q", "--queues", "--queue"):
            given.append(following)
        elif word.startswith("--queues="):
            given.append(word.partition("=")[2])
        elif word.startswith("-Q") and len(word) > 2:
            given.append(word[2:])
    if not given:
        return None
    names: set[str] = set()
    for text in given:
        full = _VARIABLE.sub(lambda m: environment.get(m[1]) or m[2] or "*", text)
        names |= {name.strip() for name in full.split(",") if name.strip()}
    return frozenset("*" if "*" in name else name for name in names)


def _holds(root: str, path: str) -> bool:
    return root in ("", ".") or path.startswith(root.rstrip("/") + "/")


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()

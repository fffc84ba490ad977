"""Which system is an application's broker: SQS, Kafka or another?

The settings of the code and of the manifests are believed first; an SQS broker anywhere among them counts, since the
address of a developer's machine stands beside that of production. Only where they say nothing, what the project
requires (``celery[sqs]``) and addresses elsewhere in its files are taken as evidence. No evidence, no endpoint.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from brokerlint.link.celery.application import App
from brokerlint.link.services import Services
from brokerlint.link.values import Const, EnvVar, Template, Value
from brokerlint.manifests.facts import Choice, Concat, ManifestFacts, Setting, Text, Variable
from brokerlint.manifests.facts import Value as Written
from brokerlint.read import Sources

_SCHEMES = {"sqs": "sqs", "confluentkafka": "kafka", "kafka": "kafka"}
_SCHEME = re.compile(r"^([a-z][a-z0-9+_.-]*)://?", re.IGNORECASE)
_SQS_ADDRESS = re.compile(r"^https?://(?:sqs\.[a-z0-9-]+|[a-z0-9-]+\.queue)\.amazonaws\.com", re.IGNORECASE)
_TRANSPORTS = frozenset(
    {
        "redis",
        "rediss",
        "amqp",
        "amqps",
        "pyamqp",
        "librabbitmq",
        "memory",
        "filesystem",
        "mongodb",
        "sentinel",
        "gcpubsub",
    }
)
_SQS_OPTIONS = ("predefined_queues", "sts_role_arn", "sqs-creation-attributes", "sqs_base64_encoding")
_SQS_SIGNS = ("region", "wait_time_seconds", "polling_interval")
"""Transport options that point to SQS where nothing names another broker."""

_EXTRA = re.compile(rb"(?:celery|kombu)\s*\[[^\]]*\bsqs\b|extras\s*=\s*\[[^\]]*[\"']sqs[\"']", re.IGNORECASE)
_ADDRESS = re.compile(rb"\bsqs://", re.IGNORECASE)
_REQUIREMENTS = ("requirements", "pyproject.toml", "setup.py", "setup.cfg", "pipfile", "dockerfile", "constraints")
_TEXTS = (".yml", ".yaml", ".env", ".sh", ".toml", ".cfg", ".ini", ".tf", ".json", ".py", ".example", ".sample", ".tpl")
LARGEST = 400_000
"""Bytes of a file that is still searched for an address."""


class Brokers:
    """What decides the broker besides the code: the manifests' variables and the project's other files."""

    def __init__(self, services: Services, manifests: ManifestFacts, sources: Sources, paths: Iterable[str]) -> None:
        self._services = services
        self._manifests = manifests
        self._sources = sources
        self._paths = tuple(paths)

    def system(self, app: App) -> str:
        """``sqs``, ``kafka``, or "" for another broker or one that is not known."""
        deployed, coded, fallback = self._told(app)
        for told in (deployed | coded, fallback):
            for name in ("sqs", "kafka"):
                if name in told:
                    return name
        if any(app.option(key) for key in _SQS_OPTIONS):
            return "sqs"
        if deployed or coded:
            return ""
        if any(app.option(key) for key in _SQS_SIGNS):
            return "sqs"
        if self._requires(app, _EXTRA) or self._addressed():
            return "sqs"
        if (
            not fallback
            and self._requires(app, re.compile(rb"\bpycurl\b"))
            and self._requires(app, re.compile(rb"\bboto3\b"))
        ):
            return "sqs"
        return ""

    def _told(self, app: App) -> tuple[set[str], set[str], set[str]]:
        """The systems that manifests name, that code fixes, and that code only falls back to."""
        deployed: set[str] = set()
        coded: set[str] = set()
        fallback: set[str] = set()
        for key in ("broker_url", "broker_read_url", "broker_write_url", "broker_transport"):
            for value in app.get(key):
                if isinstance(value, EnvVar):
                    deployed |= _systems(self._deployed(value.name, app))
                    fallback |= _systems(text for one in value.default or () for text in _texts(one))
                else:
                    coded |= _systems(_texts(value))
        return deployed, coded, fallback

    def _deployed(self, variable: str, app: App) -> list[str]:
        """What the manifests set a variable to, for the services that run the application if they set it."""
        running = self._services.running(app.place.path)
        own = [one[variable] for deployment in running for one in deployment.settings if variable in one]
        every = [fact.environment[variable] for fact in self._manifests.services if variable in fact.environment]
        return [text for setting in own or every for text in _written(setting)]

    def _addressed(self) -> bool:
        """Does an ``sqs://`` address stand in any configuration or code of the tree?"""
        return any(
            _ADDRESS.search(data)
            for path in self._paths
            if path.lower().endswith(_TEXTS) or posixpath.basename(path).startswith((".env", "Dockerfile", "Procfile"))
            for data in (self._sources.text(path),)
            if len(data) <= LARGEST
        )

    def _requires(self, app: App, wanted: re.Pattern[bytes]) -> bool:
        """Do the requirements of the project around the application hold this?"""
        return any(
            wanted.search(self._sources.text(path))
            for path in self._paths
            if _states_requirements(path, app.place.path)
        )


def _states_requirements(path: str, code: str) -> bool:
    folder, name = posixpath.split(path)
    parent, last = posixpath.split(folder)
    if last.startswith(("require", "reqs")):
        folder, name = parent, "requirements"
    return name.lower().startswith(_REQUIREMENTS) and (not folder or code.startswith(f"{folder}/"))


def _systems(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        scheme = _SCHEME.match(text)
        if text.lower() in _SCHEMES or _SQS_ADDRESS.match(text):
            found.add(_SCHEMES.get(text.lower(), "sqs"))
        elif scheme or text.lower() in _TRANSPORTS:
            found.add(_SCHEMES.get(scheme[1].lower(), "other") if scheme else "other")
    return found


def _texts(value: Value) -> Iterator[str]:
    """The texts that a broker setting may begin with."""
    if isinstance(value, Const) and isinstance(value.value, str):
        yield from value.value.split(";")
    elif isinstance(value, Template) and value.parts and isinstance(value.parts[0], str):
        yield value.parts[0]
    elif isinstance(value, Template) and value.parts and isinstance(value.parts[0], EnvVar):
        yield from _texts(value.parts[0])
    elif isinstance(value, EnvVar):
        for one in value.default or ():
            yield from _texts(one)


def _written(setting: Setting) -> list[str]:
    return _beginnings(setting.value)


def _beginnings(value: Written | None) -> list[str]:
    if isinstance(value, Text):
        return [value.text]
    if isinstance(value, Variable):
        return _beginnings(value.default)
    if isinstance(value, Concat):
        return _beginnings(value.parts[0]) if value.parts else []
    if isinstance(value, Choice):
        return [text for option in value.options for text in _beginnings(option)]
    return []

"""Which values of environment variables may be kept: those that name channels, groups, brokers, stages and the like.

Manifests hold passwords. A value is kept only when the variable's name or the value itself is about messaging or about
where something runs, never when either looks like a secret; everything else is forgotten where it is read.
"""

from __future__ import annotations

import re

LONGEST = 2000
"""Characters of a value that is kept."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_CHANNELS = frozenset("topic topics queue queues stream streams bus channel channels".split())
_AFTER_CHANNEL = frozenset("name names url urls arn arns id prefix suffix".split())
_TELLING = _CHANNELS | frozenset(
    # messaging
    "kafka sqs sns kinesis eventbridge firehose msk celery faust redpanda zookeeper amqp pubsub dlq deadletter event "
    "events message messages messaging group groupid consumer consumers producer producers publisher subscriber "
    "subscription subscriptions broker brokers bootstrap listener listeners endpoint endpoints partition partitions "
    "offset shard input inputs output outputs source sources sink sinks destination destinations target targets in out "
    # where it runs, what is started
    "arn arns prefix suffix env environment stage region namespace tenant account cluster profile deployment service "
    "services app application module pythonpath settings role mode worker workers process processes command "
    "localstack".split()
)
_SECRET = frozenset(
    "password passwords passwd passphrase pass pwd secret secrets token tokens key keys apikey accesskey secretkey "
    "credential credentials creds username login private salt signature jaas dsn certificate cert pem jwt hmac".split()
)
_SECRET_IN_WORD = ("password", "passwd", "secret", "token", "apikey", "accesskey", "credential")
_SECRET_VALUE = re.compile(
    r"-----BEGIN|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_\w{20,}|\bxox[abprs]-|\beyJ[\w-]{10,}\.|\bsk-\w{16,}"
    r"|(?:password|passwd|secret|token|api_?key|accountkey|sharedaccesskey)[\"']?\s*[=:]",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"(?:[0-9a-fA-F]{32,}|(?=[^/]*[0-9])(?=[^/]*[A-Z])(?=[^/]*[a-z])[A-Za-z0-9+/]{32,}={0,2})\Z")
_LOGIN = re.compile(r"(?<=://)\S*@")
"""From an address's scheme to its last ``@``: a password may hold any character."""

_SHORTEST = 8
"""Characters below which a value can't look like a secret by itself."""

_TELLING_VALUE = re.compile(
    r"arn:[\w-]+:(?:sqs|sns|kinesis|kafka|events|firehose|lambda):"
    r"|(?:https?://)(?:[\w.-]*\bsqs\b|[\w-]+\.queue\.amazonaws|queue\.amazonaws)"
    r"|[\w.-]+:9[0-9]9[0-9](?:,|\Z)"
    r"|(?:sqs|kafka|confluentkafka|kinesis)://"
    r"|[\w.-]+\.fifo\Z"
    r"|(?:[\w.-]*[._-])?(?:topics?|queues?|streams?|events?|dlq)(?:[._-][\w.-]*)?\Z",
    re.IGNORECASE,
)


def keeps(name: str, value: str) -> bool:
    """Whether the value of the variable ``name`` may be kept as it is."""
    if len(value) > LONGEST or _looks_secret(value) or _RANDOM.match(value):
        return False
    words = words_of(name)
    if _is_secret(words):
        return False
    return not _TELLING.isdisjoint(words) or bool(_TELLING_VALUE.match(value))


def secret(name: str, value: str) -> bool:
    """Whether a value must not be kept anywhere, telling or not: its variable's name or its own looks say so."""
    return _looks_secret(value) or _is_secret(words_of(name))


def kept(name: str, value: str) -> str | None:
    """The part of a value that may be kept: without the login of an address; None when nothing may."""
    plain = _LOGIN.sub("", value) if "@" in value else value
    return plain if keeps(name, plain) else None


def words_of(name: str) -> list[str]:
    """The words of a variable's name in lower case, whatever joins them: ``ordersTopic_ARN`` is orders, topic, arn."""
    return [word.lower() for word in _WORD.findall(name)]


def _looks_secret(value: str) -> bool:
    if len(value) < _SHORTEST:
        return False
    return bool(_SECRET_VALUE.search(value)) or ("@" in value and bool(_LOGIN.search(value)))


def _is_secret(words: list[str]) -> bool:
    """``KAFKA_PASSWORD`` is a secret; ``PASSWORD_RESET_TOPIC`` is a topic about one: the last noun decides."""
    if not any(word in _SECRET or word.startswith(_SECRET_IN_WORD) for word in words):
        return False
    nouns = [word for word in words if not word.isdigit()]
    while len(nouns) > 1 and nouns[-1] in _AFTER_CHANNEL:
        nouns.pop()
    return nouns[-1] not in _CHANNELS

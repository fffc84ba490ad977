"""The facts: what linking found, as plain data. Topology, checks, advice and every report start from here.

The JSON form (``brokerlint.document``) is the graph document ``brokerlint/graph/1``; nothing a later stage needs lies
outside it, so documents of many repositories can be merged and checked without their sources.

Unknown is a value: a channel whose name could not be resolved has the kind ``unknown`` and says ``why``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from brokerlint.places import Diagnostic, Place

Role: TypeAlias = Literal["produce", "consume", "manage"]
NameKind: TypeAlias = Literal["exact", "pattern", "env", "logical", "unknown"]
Origin: TypeAlias = Literal[
    "literal",
    "constant",
    "env-default",
    "env-required",
    "manifest",
    "reference",
    "derived",
    "library-default",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a channel or group as far as it is known.

    ``kind``: ``exact`` (``text`` is the real name), ``pattern`` (``text`` is a glob, holes as ``*``), ``env`` (only
    the variable is known), ``logical`` (a manifest resource with a generated physical name), ``unknown`` (``why``
    says why). ``env`` is also set where a variable's default or a manifest gave the name. ``trace`` holds the places
    that the name came through, the one nearest to the call first. ``service`` is set when the value holds only in
    that service; ``scope`` is the file that a logical id belongs to. ``parts`` tells how a name was put together from
    variables: (variable, its default or ``*``) and ("", text); it is needed only until manifests have bound them.
    """

    kind: NameKind
    text: str | None = None
    env: str | None = None
    logical: str | None = None
    origin: Origin = "unknown"
    trace: tuple[Place, ...] = ()
    why: str = ""
    service: str | None = None
    scope: str = ""
    parts: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ChannelName:
    """A channel that an endpoint uses: ``system`` and ``name``; ``id`` joins it with ``Channel.id``."""

    system: str
    name: Name

    @property
    def id(self) -> str:
        """``kafka:orders``, ``sqs:jobs-*``, ``sqs:$QUEUE_URL``, ``sqs:template.yaml#Orders`` (logical) or ``sqs:?``."""
        name = self.name
        if name.kind in ("exact", "pattern"):
            return f"{self.system}:{name.text}"
        if name.kind == "env":
            return f"{self.system}:${name.env}"
        if name.kind == "logical":
            return f"{self.system}:{name.scope}#{name.logical}"
        return f"{self.system}:?"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place where services produce to or consume from channels.

    ``place`` is the call that decides the channel; ``call_chain`` the calls from there down to the library call
    (empty when ``place`` is the library call). ``config`` maps normalised client configuration keys to a
    `Setting`-like dict ``{"value": ..., "origin": Origin}``. ``facts`` is described in ``ENDPOINT_FACTS``; an absent
    key means unknown.
    """

    id: str
    place: Place
    function: str
    system: str
    role: Role
    library: str
    operation: str
    channels: tuple[ChannelName, ...]
    groups: tuple[Name, ...] = ()
    services: tuple[str, ...] = ()
    call_chain: tuple[Place, ...] = ()
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def endpoint_id(identity: str) -> str:
    """The id of the endpoint that ``identity`` tells from all others: 12 hexadecimal digits."""
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Service:
    """One deployable unit. ``roots`` are directories (or files) of the tree; ``program`` identifies image and
    command, so that two deployments of one program share it. ``environment`` is ``prod``, ``dev``, ``test`` or
    ``unknown``."""

    name: str
    roots: tuple[str, ...] = ()
    platform: str = "unknown"
    program: str = ""
    environment: str = "unknown"
    tooling: bool = False
    owners: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """A queue, topic, stream or bus. ``properties`` maps normalised names (``partitions``, ``replication_factor``,
    ``visibility_timeout`` in seconds, ``retention`` in seconds, ``fifo``, ``dead_letter`` ...) to values; the names
    of those that are only platform defaults are in ``defaulted``."""

    id: str
    system: str
    kind: str
    name: Name
    properties: Mapping[str, Any] = field(default_factory=dict)
    defaulted: tuple[str, ...] = ()
    declared_at: tuple[Place, ...] = ()
    environment: str = "unknown"


@dataclass(frozen=True, slots=True)
class Link:
    """An edge that a manifest declares: ``event_source_mapping``, ``subscription``, ``rule``, ``pipe``, ``redrive``,
    ``connector``, ``archive``, ``grant`` ... Ends are ``channel id`` or ``service:<name>`` or ``external:<text>``."""

    kind: str
    source: str
    target: str
    place: Place
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """What an endpoint lacks and why: ``what`` is ``channel``, ``group``, ``receiver`` or
    ``callers`` (a wrapper with more callers than are followed)."""

    place: Place
    system: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about one scanned tree, or about several merged ones."""

    services: tuple[Service, ...] = ()
    channels: tuple[Channel, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    links: tuple[Link, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    stats: Mapping[str, Any] = field(default_factory=dict)


ENDPOINT_FACTS: Mapping[str, str] = {
    # Both roles
    "client_scope": "where the client is built: module, init, function, loop, handler",
    "entry_kind": "how the code is entered: http, lambda-handler, consumer-handler, cron, cli",
    "async": "the call stands in a coroutine (bool)",
    "loop": "innermost loop around the call: none, forever, over-items, over-channels",
    "in_except": "the call stands in an except handler (bool)",
    "config_complete": "no unknown keys can hide in the client's configuration (bool)",
    "library_version": "the version pinned by the scanned project (str)",
    "batch": "the call is a batch call (bool)",
    "task": "name of the Celery task that is sent or run; a list where a canvas sends several (str or list)",
    "response": "what becomes of the answer: dropped, failures-read, used, returned",
    "effects": "list of {class: http|email|db|aws|fs|subprocess|ml|produce, place, beside_receive}: what the handler "
    "or function does; ``beside_receive`` in the very body that receives (bool)",
    # Producing
    "key": "partition key: {kind: none|const|field|random|unknown, text}",
    "group_id": "message group id, same form as key",
    "dedup_id": "deduplication id, same form as key",
    "delay": "DelaySeconds (int; None: not given)",
    "countdown": "seconds that a worker holds a task back after receiving it; never native on SQS (number)",
    "payload": "fingerprint of the normalised payload expression (str)",
    "payload_loop_invariant": "the payload does not depend on the loop variable (bool)",
    "headers": "names of headers/attributes set, such as correlation_id, reply_to, attempt (list)",
    "callback": "a delivery callback is given (bool)",
    "future": "what becomes of the returned future: awaited, dropped, stored",
    "flushes": "list of {position: per-message|sometimes|after-loop|end|finally|atexit|close, act: flush|close, place} "
    "on the same client",
    "blocking_polls": "list of {position, act: poll, place}, positions as in flushes: polls of the same client "
    "that wait for an event without a timeout",
    "transaction": "{init, begin, commit, abort, send_offsets}: bools seen on the same client",
    "db_writes": "list of {position: before|after|inside, place} in the same function",
    "waits_for_reply": "list of places where the same call path blocks for an answer",
    "max_entries": "number of literal entries of a batch (int)",
    "equal_entry_ids": "two literal entries of a batch have the same Id (bool)",
    "payload_keys": "keys of a payload written as a mapping; those with a meaning spelled as in headers (list)",
    "event_type": "the constant that names the event in the payload or its attributes (str)",
    "serializer": "json, avro, protobuf, pickle, str (str)",
    "conditional": "the call stands in a branch: it may not run for each message (bool)",
    "guards": "list of {on: attempt|depth|cursor|remaining|other, place}: conditions that end a chain of sends",
    "name_holes": "list of {class: entity|stage|region|account|app|team|unknown, text, finite}: the holes of the name",
    "replays_from": "the payload is read back from an archive: s3, db, fs (str)",
    "payload_is_body": "the payload is a received body, unchanged (bool)",
    "payload_size": "bytes of a constant payload (int)",
    "fallback": "the call runs only when another send failed (bool)",
    "outbox": "the event is written to a table in the same transaction, or this call relays such a table (bool)",
    "on_commit": "the send is registered to run after the commit (bool)",
    "loop_count": "how often the loop around the call runs, where that is constant (int)",
    "best_effort": "the call stands alone in a try that swallows every error (bool)",
    "partition": "the call names a partition (bool)",
    # Consuming
    "loop_kind": "while-true, for-iter, async-for, lambda-handler, decorator, framework-stream, framework-task, once",
    "max_messages": "messages per receive (int; None: not given)",
    "wait_time": "WaitTimeSeconds (int; None: not given, so the queue's attribute holds)",
    "visibility": "VisibilityTimeout of the call (int; None: not given)",
    "group_kind": "classic, share, streams, lambda, none",
    "acks": "list of {kind: delete|delete-batch|visibility|commit|store|acknowledge|return-failures, "
    "position: before|after|finally|except|always, place}; no position: no work was seen beside it. Also certain (the "
    "work is known to have effects), per_message, guarded (by a condition), broad (except), handler (always), timeout",
    "acks_late": "a task is acknowledged after its body instead of before (bool)",
    "messages_escape": "the messages reach code that could not be followed (bool)",
    "seeks": "list of places that set the position back: seek, offsets_for_times, assign with offset",
    "handoff": "none, thread-pool, process-pool, task, queue",
    "work_seconds": "lower bound of the work per message from constant sleeps (float)",
    "error_checked": "the message's error() is tested (bool)",
    "none_test": "is-none, truthiness, missing",
    "try_shape": "{around, broad, swallows, logs_only, to_dlq, re_raises, stores, retries: none|bounded|forever, "
    "place}: the try around the handler",
    "skip_paths": "list of {kind: no-ack|visibility-zero|resend, on: field, field: its expression, place}",
    "order_use": "list of places where order matters: sequence or version comparison, per-key state",
    "idempotency": "list of places with de-duplication evidence",
    "body_paths": "keys read from the message body (list)",
    "stores_body": "list of {store: s3|db|fs, place} where the raw body is archived",
    "closes": "list of {how: finally|context-manager|signal|except|method|end, place} that close the consumer",
    "group_varies": "the group's name has a part that differs at each start: random, time, host, process (bool)",
    "rebuilds": "list of places that read from the beginning to rebuild state",
    "stops_on_empty": "the loop ends when nothing was received (bool)",
    "sleep_between": "constant seconds between two receives (float)",
    "sleeps_unknown": "a sleep between two receives takes a time that is not constant (bool)",
    "waits_until": "list of places that hold a record back until a time it carries: pause, sleep",
    "compares_attempt": "list of places that compare an attempt counter carried by the message",
    "event_types": "constants that the handler compares the event's type with (list)",
    "state": "{container, keyed, flush: time|size, acks: before|after, store: memory|db, place}: state across messages",
    "deserializer": "json, avro, protobuf, pickle, str (str)",
    "unsafe_load": "list of places that unpickle or evaluate the body",
    "verified": "the body's signature is checked before it is read (bool)",
    "bounded_retry": "the retry around the handler is bounded (bool)",
    "decode_guarded": "an error while decoding does not leave the loop (bool)",
    "pauses": "the consumer pauses partitions while work runs (bool)",
    "heartbeat": "the visibility timeout is extended while work runs (bool)",
    "delivery_count": "the delivery count of a shared record is looked at (bool)",
    "ignored_keys": "configuration keys that this kind of client ignores (list)",
    # Clients
    "credentials": "list of {key, place}: secrets that are written in the code; their values are not kept",
    "client_read_timeout": "seconds after which the HTTP client gives up waiting (int; None: the default)",
    "polls": "the client's poll or its equivalent is called somewhere in the service (bool)",
    "flush_checked": "the number that flush returns is looked at (bool)",
}
"""The keys that ``Endpoint.facts`` may hold. A key that is absent is unknown: it never satisfies and never violates."""


CHANNEL_PROPERTIES: Mapping[str, str] = {
    # Queues (and what they share with topics and streams)
    "visibility_timeout": "seconds a received message stays hidden (int)",
    "wait_time": "seconds a receive waits when the call does not say (int)",
    "delay": "seconds before a new message can be received (int)",
    "retention": "seconds a message is kept; -1 for ever (int)",
    "max_size": "largest message in bytes (int)",
    "fifo": "order within message groups (bool)",
    "content_deduplication": "duplicates are found by the body's hash (bool)",
    "dead_letter": "id of the channel that gets what could not be handled (str)",
    "max_receive_count": "receives before a message goes to ``dead_letter`` (int)",
    "kms_key": "key that encrypts at rest (str)",
    "encrypted": "encrypted at rest; False only where the manifest says so (bool)",
    "policy": "list of {effect, principal, actions, conditions}: the resource policy's statements",
    "exported": "the name leaves its stack: output, export, parameter, resource share (bool)",
    "grants": "list of {principal, role}: who may produce or consume by a permission in the tree",
    "alarms": "list of {metric}: alarms or rules that watch the channel's depth, age or lag",
    "source": "what feeds it besides code: cdc, connector, notification (str)",
    "looked_up": "declared elsewhere, this manifest only names it (bool)",
    # Topics and streams
    "partitions": "number of partitions (int)",
    "replication_factor": "copies of each partition (int)",
    "min_insync_replicas": "copies that must confirm a write with acks=all (int)",
    "cleanup_policy": "delete, compact or both (str)",
    "tiered": "older segments go to object storage (bool)",
    "mode": "provisioned or on-demand (str)",
    "shards": "number of shards (int)",
    # Clusters (``kind`` cluster)
    "cluster_kind": "msk-standard, msk-express, msk-serverless, confluent-cloud, strimzi, helm, compose (str)",
    "version": "broker version (str)",
    "metadata": "kraft or zookeeper (str)",
    "brokers": "number of brokers (int)",
    "controllers": "number of controllers (int)",
    "storage": "ephemeral or persistent (str)",
    "auto_create": "topics are created on first use (bool)",
    "unclean_election": "a lagging copy may become leader (bool)",
    "internal_replication": "replication of the offsets and transaction topics (int)",
    "listeners": "list of {name, tls, external}: how clients connect",
    "basics": "mapping of operating basics to bool: rack_awareness, disruption_budget, exporter, resource_limits, "
    "quotas, pinned_image, rebalancing, backup",
}
"""The keys that ``Channel.properties`` may hold. A key that is absent is unknown."""

LINK_PROPERTIES: Mapping[str, str] = {
    "enabled": "the mapping is active; absent means yes (bool)",
    "batch_size": "messages per delivery (int)",
    "batch_window": "seconds a batch is collected (int)",
    "filters": "messages are filtered before delivery (bool or list)",
    "response_types": "list; ``ReportBatchItemFailures`` when partial failures count",
    "max_retries": "retries of a failing batch; -1 for ever (int)",
    "max_age": "seconds after which a record is given up; -1 never (int)",
    "bisect": "a failing batch is split (bool)",
    "on_failure": "channel that gets what was given up (str)",
    "max_concurrency": "parallel deliveries (int)",
    "consumption_mode": "Stream or Queue: the latter reads through a share group (str)",
    "group": "consumer group of the mapping or connector (str)",
    "raw_delivery": "the body arrives without the SNS envelope (bool)",
    "input_path": "part of the event that is delivered (str)",
    "transformer": "the event is reshaped before delivery (bool)",
    "dead_letter": "channel that gets what could not be delivered (str)",
    "group_id": "message group id that deliveries to a FIFO queue get (str)",
    "max_receive_count": "of a ``redrive`` (int)",
    "class": "class of a connector (str)",
    "errors_tolerance": "all or none, of a connector (str)",
    "dead_letter_topic": "topic that gets the records a connector could not handle (str)",
    "errors_logged": "a connector logs the records it drops (bool)",
    "role": "of a ``grant``: produce, consume or manage (str)",
}
"""The keys that ``Link.properties`` may hold."""

SERVICE_PROPERTIES: Mapping[str, str] = {
    "timeout": "seconds that one invocation may take (int)",
    "reserved_concurrency": "parallel invocations that are reserved (int)",
    "replicas_max": "largest number of instances (int)",
    "recursive_loop": "Allow when the platform's loop detection is switched off (str)",
    "scales_itself": "an autoscaler keeps instances at or below the partitions (bool)",
}
"""The keys that ``Service.properties`` may hold."""

"""Workload: what an estimate rests on, from declarations, manifests and code; what is assumed, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from brokerlint.advising.looking import number
from brokerlint.advising.prices import PriceTable
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Use, Uses

_MOST_MESSAGES = 1e9
_MOST_BYTES = 1e9
"""What is declared beyond these (a second, a message) is a mistake, and no estimate is made of it."""


@dataclass(frozen=True, slots=True)
class Range:
    """From ``low`` to ``high``, both included. For a batch size the larger number is the cheaper."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Workload:
    """What flows through one channel.

    ``volume`` is messages a second (None: not known), ``size`` bytes a message. ``send``, ``receive`` and ``delete``
    are messages for each request, the cheapest first. ``pollers`` receive all the time and wait ``wait`` seconds when
    there is nothing (None: not known). ``retention`` is seconds (None: not known, so storage is not counted).
    """

    volume: Range | None
    size: float = 1024
    send: tuple[float, float] = (10, 1)
    receive: tuple[float, float] = (10, 1)
    delete: tuple[float, float] = (10, 1)
    pollers: int = 1
    wait: float | None = 20
    consumers: int = 1
    brokers: int = 3
    replication: int = 3
    retention: float | None = None
    shards: int | None = None
    mode: str | None = None
    assumptions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def workload(channel: ChannelNode, prices: PriceTable) -> Workload:
    """The workload of ``channel``; what was neither seen nor declared is told in ``assumptions`` or ``missing``."""
    told: list[str] = []
    volume, missing = _volume(channel, told)
    size = _size(channel, prices, told)
    readers, senders = channel.consumers().unless_tooling(), channel.producers().unless_tooling()
    queue = channel.system == "sqs"
    send = _batch(channel, senders, told) if queue else (10.0, 1.0)
    receive = _receives(readers) if queue else 10.0
    if not queue:
        told.append("between 1 and 10 messages for each request, were it a queue")
    else:
        told.append(f"up to {receive:g} messages for each receive, at worst 1")
    batched = queue and any(
        ack.get("kind") == "delete-batch" for use in readers for ack in use.fact("acks") or ()
    )  # fmt: skip
    delete = (receive if batched or _functions(readers) or not queue else 1.0, 1.0)
    pollers = _pollers(readers, told)
    brokers, copies = _cluster(channel, prices, told)
    retention = channel.declaration.needs.get("retention") or channel.property("retention")
    if channel.kind == "queue" or not isinstance(retention, int | float) or retention < 0:
        retention = channel.declaration.needs.get("retention")
        if retention is None:
            told.append("storage of a log is not counted: its retention is not known")
    shards = channel.property("shards")
    return Workload(
        *(volume, size, send, (receive, 1.0), delete, pollers, _wait(channel, readers), max(1, len(channel.groups()))),
        *(brokers, copies, retention, shards if isinstance(shards, int) else None, channel.property("mode")),
        tuple(told),
        missing,
    )


def _volume(channel: ChannelNode, told: list[str]) -> tuple[Range | None, tuple[str, ...]]:
    declared = channel.declaration.needs.get("volume")
    if declared is not None and declared <= _MOST_MESSAGES:
        return Range(float(declared), float(declared)), ()
    shards = channel.property("shards")
    if isinstance(shards, int) and channel.property("mode") != "on-demand":
        most = shards * float(limit("kinesis", "records_per_shard"))
        told.append(f"volume: at most what {shards} shard{'s' * (shards != 1)} carry")
        return Range(0, most), ()
    return None, ("expected volume (needs.volume)",)


def _size(channel: ChannelNode, prices: PriceTable, told: list[str]) -> float:
    declared = channel.declaration.needs.get("message_size")
    seen = max((number(use.fact("payload_size")) for use in channel.producers()), default=0)
    if declared is not None and declared <= _MOST_BYTES:
        return float(declared)
    if seen:
        told.append(f"size of a message: {seen:g} bytes, the largest constant payload")
        return seen
    told.append(f"size of a message: {prices.assumed('message_bytes'):g} bytes (declare needs.message_size)")
    return prices.assumed("message_bytes")


def _batch(channel: ChannelNode, senders: Uses, told: list[str]) -> tuple[float, float]:
    """Messages for each send, as the code does it: cheapest and dearest."""
    most = float(limit("sqs", "max_batch"))
    seen = [use.fact("batch") for use in senders.in_code()]
    if seen and all(value is not None for value in seen):
        low = 1.0 if not all(seen) else most
        high = most if any(seen) else 1.0
        told.append(f"messages for each send, as seen in the code: {Range(low, high)}")
        return high, low
    told.append(f"messages for each send to {channel.label}: 1 to {most:g}")
    return most, 1.0


def _receives(readers: Uses) -> float:
    """The most messages that a receive may bring."""
    return max((_most(use) for use in readers), default=float(limit("sqs", "max_receive")))


def _most(use: Use) -> float:
    top = float(limit("sqs", "max_receive"))
    if use.link is not None:
        size = use.link.properties.get("batch_size")
        return min(top, float(size)) if isinstance(size, int) else top
    return min(top, max(1.0, number(use.fact("max_messages", top))))


def _functions(readers: Iterable[Use]) -> bool:
    return any(use.service and use.service.platform == "lambda" for use in readers)


def _pollers(readers: Uses, told: list[str]) -> int:
    count = 0
    for use in {use.who: use for use in readers}.values():
        replicas = use.service.properties.get("replicas_max") if use.service else None
        if _functions((use,)):
            count += int(limit("sqs", "lambda_pollers"))
        else:
            count += replicas if isinstance(replicas, int) else 1
    told.append(f"pollers: {max(count, 1)} (one for each instance seen, 5 for each function)")
    return max(count, 1)


def _wait(channel: ChannelNode, readers: Uses) -> float | None:
    if channel.system != "sqs" or _functions(readers):
        return float(limit("sqs", "max_wait"))
    waits = [number(use.fact("wait_time")) for use in readers.in_code() if use.fact("wait_time") is not None]
    if waits:
        return min(waits)
    effective = channel.effective_wait()
    return float(effective) if effective is not None else None


def _cluster(channel: ChannelNode, prices: PriceTable, told: list[str]) -> tuple[int, int]:
    """Brokers and copies of each record."""
    clusters = channel.topology.channels(system="kafka", kind="cluster") if channel.system == "kafka" else ()
    counted = [c.property("brokers") for c in clusters if isinstance(c.property("brokers"), int)]
    brokers = max(counted, default=0)
    if not brokers:
        brokers = int(prices.assumed("brokers"))
        told.append(f"a cluster of {brokers} brokers (m5.large), shared by all its topics")
    copies = channel.property("replication_factor")
    if not isinstance(copies, int):
        copies = int(prices.assumed("replication_factor"))
        told.append(f"{copies} copies of each record")
    return brokers, copies

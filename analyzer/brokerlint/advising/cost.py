"""Cost: what each candidate would cost a month for a workload, as ranges with every assumption.

Each formula takes the workload, a rate of messages a second, and whether things go well (full batches, no empty
receives). There is no number without a known or bounded volume, and none for a candidate whose price is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil

from brokerlint.advising.prices import PriceTable
from brokerlint.advising.workload import Range, Workload
from brokerlint.tables import limit

_CHUNK = 64 * 1024
_PUT_UNIT = 25 * 1024
_RECORD_UNIT = 1024
_GB = 1024**3
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars a month. ``floor`` is what it costs without a single message, ``per_million`` what a million messages
    add (best and worst); ``low`` and ``high`` are None without a volume. ``why`` says why there is no number."""

    candidate: str
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    per_million: Range | None = None
    utilisation: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Crossover:
    """At ``rate`` messages a second (low: one message a request, high: full batches) paying for each request costs as
    much as the floor of ``cluster``."""

    queue: str
    cluster: str
    rate: Range
    side: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """The estimates for one channel with everything they rest on."""

    region: str
    volume: Range | None
    estimates: tuple[Estimate, ...]
    crossovers: tuple[Crossover, ...]
    assumptions: tuple[str, ...]
    missing: tuple[str, ...]
    prices: tuple[str, ...]


def estimate(load: Workload, keys: Iterable[str], prices: PriceTable, cluster_there: bool = False) -> Cost:
    """The cost of the candidates ``keys`` for ``load``. ``cluster_there``: Kafka runs anyway, so a share group
    adds nothing."""
    wanted = tuple(keys)
    estimates = tuple(_estimate(load, key, prices, cluster_there) for key in wanted)
    notes = [*load.assumptions, "no retries counted, no discounts by volume, no traffic out of the region"]
    if load.wait is None:
        notes.append("empty receives are not counted: how long a receive waits is not known")
    if prices.assumptions["people_hours_per_month"] is None:
        keys_of_people = "assumptions.people_hours_per_month and people_hour_usd"
        notes.append(f"people who operate a cluster are not included ({keys_of_people} of a price table)")
    used = sorted({name for key in wanted for name in _PRICES.get(key, ())} & set(prices.rows))
    return Cost(
        *(prices.region, load.volume, estimates, crossovers(load, prices), tuple(notes), load.missing, tuple(used))
    )


def _estimate(load: Workload, key: str, prices: PriceTable, cluster_there: bool) -> Estimate:
    if key == "direct-call":
        return Estimate(key, 0, 0, 0, Range(0, 0), why="no broker; the callee's own computing is not counted")
    if key == "kafka-share-group":
        if cluster_there:
            return Estimate(key, 0, 0, 0, Range(0, 0), why="adds nothing to the cluster that runs")
        return Estimate(key, why="needs a cluster")
    formula = _FORMULAS.get(key)
    if formula is None:
        return Estimate(key, why="the price of its requests is not confirmed by a readable source")
    absent = [name for name in _PRICES[key] if name not in prices.rows]
    if absent:
        return Estimate(key, why=f"no price for {', '.join(absent)} in {prices.region}")
    ideal = replace(load, pollers=0)
    million = _MILLION / prices.assumed("seconds_per_month")
    floor = formula(ideal, 0, True, prices)
    slopes = [formula(ideal, million, good, prices) - formula(ideal, 0, good, prices) for good in (True, False)]
    per_million = Range(min(slopes), max(slopes))
    if load.volume is None:
        return Estimate(key, None, None, floor, per_million, why="no volume is known")
    low = formula(load, load.volume.low, True, prices)
    high = formula(load, load.volume.high, False, prices)
    return Estimate(key, min(low, high), max(low, high), floor, per_million, _utilisation(load, key))


def _utilisation(load: Workload, key: str) -> float | None:
    """The share of the declared shards' capacity that the volume takes; None where no capacity is declared."""
    if key != "kinesis" or not load.shards or load.volume is None:
        return None
    per_shard = min(limit("kinesis", "records_per_shard"), limit("kinesis", "bytes_per_shard") / load.size)
    return float(load.volume.high / (load.shards * per_shard))


def crossovers(load: Workload, prices: PriceTable) -> tuple[Crossover, ...]:
    """Where a queue's requests cost as much as the floor of a cluster; empty where a price is missing."""
    found = []
    queue = "sqs-standard"
    for cluster in ("msk", "self-managed-kafka"):
        if any(name not in prices.rows for key in (queue, cluster) for name in _PRICES[key]):
            continue
        floor = _FORMULAS[cluster](load, 0, True, prices)
        rates = []
        for batch in (1.0, 10.0):
            plain = replace(load, send=(batch, batch), receive=(batch, batch), delete=(batch, batch), pollers=0)
            a_message = _sqs(plain, 1, False, prices) / prices.assumed("seconds_per_month")
            rates.append(floor / a_message / prices.assumed("seconds_per_month") if a_message else 0.0)
        rate = Range(rates[0], rates[1])
        found.append(Crossover(queue, cluster, rate, _side(load.volume, rate)))
    return tuple(found)


def _side(volume: Range | None, rate: Range) -> str:
    if volume is None:
        return ""
    if volume.high < rate.low:
        return "below: the queue is cheaper"
    return "above: the cluster is cheaper" if volume.low > rate.high else "between: batching decides"


# --- Formulas: US dollars a month ---------------------------------------------------------------------------------


def _month(rate: float, prices: PriceTable) -> float:
    return rate * prices.assumed("seconds_per_month")


def _requests(messages: float, batch: float, size: float) -> float:
    """Requests for ``messages`` in batches; each 64 KiB of a request counts as one."""
    return messages / batch * max(1, ceil(batch * size / _CHUNK))


def _sqs_requests(load: Workload, rate: float, good: bool, prices: PriceTable, sends: bool = True) -> float:
    messages, pick = _month(rate, prices), 0 if good else 1
    total = _requests(messages, load.send[pick], load.size) if sends else 0.0
    total += _requests(messages, load.receive[pick], load.size) + messages / load.delete[pick]
    if good or load.wait is None or not load.pollers:
        return max(0.0, total - prices.assumed("sqs_free_requests")) if good and load.pollers else total
    turn = max(load.wait, prices.assumed("round_trip_seconds"))
    return total + load.pollers * prices.assumed("seconds_per_month") / turn


def _sqs(load: Workload, rate: float, good: bool, prices: PriceTable) -> float:
    return _sqs_requests(load, rate, good, prices) / _MILLION * prices.usd("sqs_standard_requests")


def _sqs_fifo(load: Workload, rate: float, good: bool, prices: PriceTable) -> float:
    return _sqs_requests(load, rate, good, prices) / _MILLION * prices.usd("sqs_fifo_requests")


def _sns_sqs(load: Workload, rate: float, good: bool, prices: PriceTable) -> float:
    publishes = _month(rate, prices) * max(1, ceil(load.size / _CHUNK))
    queues = load.consumers * _sqs_requests(load, rate, good, prices, sends=False)
    return publishes / _MILLION * prices.usd("sns_publish") + queues / _MILLION * prices.usd("sqs_standard_requests")


def _eventbridge(load: Workload, rate: float, good: bool, prices: PriceTable) -> float:
    units = _month(rate, prices) * max(1, ceil(load.size / _CHUNK))
    one_by_one = replace(load, send=(1, 1))
    queues = load.consumers * _sqs_requests(one_by_one, rate, good, prices)
    return units / _MILLION * prices.usd("eventbridge_events") + queues / _MILLION * prices.usd("sqs_standard_requests")


def _kinesis(load: Workload, rate: float, good: bool, prices: PriceTable) -> float:
    if load.mode == "on-demand":
        return _on_demand(load, rate, prices)
    if load.mode == "provisioned":
        return _provisioned(load, rate, prices)
    return (min if good else max)(_on_demand(load, rate, prices), _provisioned(load, rate, prices))


def _provisioned(load: Workload, rate: float, prices: PriceTable) -> float:
    records, inward, outward = (limit("kinesis", f"{name}_per_shard") for name in ("records", "bytes", "read"))
    flow = rate * load.size
    shards = max(load.shards or 1, ceil(rate / records), ceil(flow / inward), ceil(flow * load.consumers / outward))
    units = _month(rate, prices) * ceil(load.size / _PUT_UNIT)
    hours = shards * prices.assumed("hours_per_month") * prices.usd("kinesis_shard_hour")
    return float(hours + units / _MILLION * prices.usd("kinesis_put_units"))


def _on_demand(load: Workload, rate: float, prices: PriceTable) -> float:
    gigabytes = _month(rate, prices) * ceil(load.size / _RECORD_UNIT) * _RECORD_UNIT / _GB
    out = gigabytes * load.consumers * prices.usd("kinesis_gb_out")
    hours = prices.assumed("hours_per_month") * prices.usd("kinesis_stream_hour")
    return hours + gigabytes * prices.usd("kinesis_gb_in") + out


def _stored(load: Workload, rate: float) -> float:
    """GB that a log holds, without its copies."""
    return rate * load.size * load.retention / _GB if load.retention else 0.0


def _msk(load: Workload, rate: float, good: bool, prices: PriceTable) -> float:
    hours = load.brokers * prices.assumed("hours_per_month") * prices.usd("msk_m5_large_hour")
    return hours + load.replication * _stored(load, rate) * prices.usd("msk_storage")


def _self_managed(load: Workload, rate: float, good: bool, prices: PriceTable) -> float:
    hours = load.brokers * prices.assumed("hours_per_month") * prices.usd("ec2_m5_large_hour")
    disks = load.replication * _stored(load, rate) * prices.usd("ebs_gp3")
    gigabytes = _month(rate, prices) * load.size / _GB
    between_zones = gigabytes * (load.replication - 1) * 2 / 3 * 2 * prices.usd("cross_zone")
    people = (prices.assumptions["people_hours_per_month"] or 0) * (prices.assumptions["people_hour_usd"] or 0)
    return hours + disks + (0 if good else between_zones) + people


_FORMULAS: Mapping[str, Callable[[Workload, float, bool, PriceTable], float]] = {
    "sqs-standard": _sqs,
    "sqs-fifo": _sqs_fifo,
    "sns-sqs": _sns_sqs,
    "eventbridge": _eventbridge,
    "kinesis": _kinesis,
    "msk": _msk,
    "self-managed-kafka": _self_managed,
}
_PRICES: Mapping[str, tuple[str, ...]] = {
    "sqs-standard": ("sqs_standard_requests",),
    "sqs-fifo": ("sqs_fifo_requests",),
    "sns-sqs": ("sns_publish", "sqs_standard_requests"),
    "eventbridge": ("eventbridge_events", "sqs_standard_requests"),
    "kinesis": (
        *("kinesis_shard_hour", "kinesis_put_units", "kinesis_stream_hour", "kinesis_gb_in", "kinesis_gb_out"),
    ),
    "msk": ("msk_m5_large_hour", "msk_storage"),
    "self-managed-kafka": ("ec2_m5_large_hour", "ebs_gp3", "cross_zone"),
}

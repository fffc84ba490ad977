"""One small system for each signal in which its answer is yes, and the channel to ask about."""

from __future__ import annotations

from exchanges import declared, email_jobs, exchange, reads, sends, thumbnails, where

from brokerlint.facts import Channel, Link, Name, Service
from brokerlint.places import Place
from brokerlint.topology import Topology


def _kafka(*readers: object, producer: dict[str, object] | None = None, **declared_: object) -> Topology:
    return exchange(sends("shop", "kafka:t", **(producer or {})), *readers, **declared_)  # type: ignore[arg-type]


def _function(channel: str) -> Topology:
    """A queue with a function that a mapping feeds."""
    service = Service("resize", ("resize",), "lambda", "resize")
    link = Link("event_source_mapping", channel, "service:resize", Place("template.yaml", 9), {"batch_size": 10})
    endpoint = reads("resize", channel, effects=("aws",), loop_kind="lambda-handler")
    return exchange(sends("web", channel), endpoint, services=(service,), links=(link,), channels=(declared(channel),))


def _cluster(**properties: object) -> Channel:
    place = (Place("kafka.yaml", 1),)
    return Channel("kafka:cluster/main", "kafka", "cluster", Name("exact", "main"), properties, (), place, "prod")


def _filtered() -> Topology:
    rule = Link("rule", "eventbridge:shop", "service:billing", Place("template.yaml", 4), {"filters": True})
    return exchange(sends("shop", "eventbridge:shop"), channels=(declared("eventbridge:shop"),), links=(rule,))


SCENARIOS: dict[str, tuple[Topology, str]] = {
    "replay-declared": (email_jobs(needs={"replay": True}), "kafka:email-jobs"),
    "reads-back": (_kafka(reads("b", "kafka:t", group="b", seeks=[where(7)])), "kafka:t"),
    "keeps-history": (_kafka(channels=(declared("kafka:t", cleanup_policy="compact"),)), "kafka:t"),
    "rebuilds-state": (
        _kafka(reads("b", "kafka:t", group_kind="none", config={"offset_reset": {"value": "earliest"}})),
        "kafka:t",
    ),
    "replay-by-hand": (
        exchange(
            sends("replay", "sqs:q", replays_from="s3"),
            reads("b", "sqs:q", stores_body=[{"store": "s3", "place": where(3)}]),
        ),
        "sqs:q",
    ),
    "record-kept": (thumbnails(role="audit"), "sqs:thumbnails"),
    "several-consumers": (_kafka(reads("a", "kafka:t", group="a"), reads("b", "kafka:t", group="b")), "kafka:t"),
    "shared-reading": (exchange(reads("a", "sqs:q"), reads("b", "sqs:q")), "sqs:q"),
    "copies-by-hand": (
        exchange(sends("a", "sqs:mail", payload="f"), sends("a", "sqs:stock", 11, payload="f")),
        "sqs:mail",
    ),
    "streams-declared": (email_jobs(needs={"stream_processing": True}), "kafka:email-jobs"),
    "stream-framework": (_kafka(reads("b", "kafka:t", group="b", loop_kind="framework-stream")), "kafka:t"),
    "state-across-messages": (
        _kafka(reads("b", "kafka:t", group="b", state={"container": "totals", "keyed": True, "flush": "time"})),
        "kafka:t",
    ),
    "work-declared": (thumbnails(role="work"), "sqs:thumbnails"),
    "work-per-message": (email_jobs(), "kafka:email-jobs"),
    "competing-workers": (_kafka(reads("b", "kafka:t", group="b", handoff="thread-pool")), "kafka:t"),
    "slow-work": (_kafka(reads("b", "kafka:t", group="b", work_seconds=30)), "kafka:t"),
    "retry-by-hand": (_kafka(reads("b", "kafka:t", group="b", compares_attempt=[where(8)])), "kafka:t"),
    "delays": (exchange(sends("a", "sqs:q", delay=60), reads("b", "sqs:q")), "sqs:q"),
    "high-volume": (thumbnails(needs={"volume": 20_000}), "sqs:thumbnails"),
    "bursts": (exchange(sends("a", "sqs:q", entry_kind="cron"), reads("b", "sqs:q")), "sqs:q"),
    "large-messages": (thumbnails(needs={"message_size": 5_000_000}), "sqs:thumbnails"),
    "team-capacity": (thumbnails(team="high"), "sqs:thumbnails"),
    "well-operated": (_kafka(channels=(_cluster(cluster_kind="strimzi", basics={"exporter": True}),)), "kafka:t"),
    "aws-native": (thumbnails(), "sqs:thumbnails"),
    "serverless": (_function("sqs:q"), "sqs:q"),
    "log-in-place": (
        _kafka(reads("a", "kafka:o", group="a"), reads("b", "kafka:o", group="b"), reads("c", "kafka:t", group="c")),
        "kafka:t",
    ),
    "caller-waits": (_kafka(producer={"waits_for_reply": [where(12)], "headers": ["reply_to"]}), "kafka:t"),
    "answers": (
        exchange(
            sends("web", "kafka:ask", waits_for_reply=[where(12)]),
            reads("price", "kafka:ask", group="p"),
            sends("price", "kafka:tell"),
            reads("web", "kafka:tell", group="w"),
        ),
        "kafka:tell",
    ),
    "one-to-one": (thumbnails(), "sqs:thumbnails"),
    "events": (_kafka(reads("b", "kafka:t", group="b", event_types=["OrderPlaced", "OrderPaid"])), "kafka:t"),
    "order-declared": (thumbnails(needs={"ordering": "per-key"}), "sqs:thumbnails"),
    "order-used": (_kafka(reads("b", "kafka:t", group="b", order_use=[where(6)])), "kafka:t"),
    "keyed": (_kafka(producer={"key": {"kind": "field", "text": "order_id"}}), "kafka:t"),
    "no-duplicates": (_kafka(producer={"transaction": {"begin": True, "commit": True}}), "kafka:t"),
    "filters": (_filtered(), "eventbridge:shop"),
    "tenants": (exchange(sends("a", "sqs:q", group_id={"kind": "field"}), reads("b", "sqs:q")), "sqs:q"),
}

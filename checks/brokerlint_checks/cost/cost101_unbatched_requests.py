"""COST101 unbatched-requests."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.tables import limit, price
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name, sink_of

_SEND_CALLS = {"sqs": "send_message_batch", "sns": "publish_batch", "kinesis": "put_records"}
_CHUNK = 65536
_FEW = 3
_RARE = 10 / 60


class UnbatchedRequests(Check):
    """Messages are sent, received or deleted one per request.

    ## What it finds
    A send in a loop over items, a receive loop that takes one message at a time, a delete for each message while
    several were received.

    ## Why it is bad
    Requests are what is paid for, and a batch holds ten messages: up to ten times the price, and ten times the round
    trips. Kinesis charges for records: there it is round trips, up to 500 times as many.

    ## When it is fine
    One message at a time is asked for on purpose because the work is long, the loop runs a few times, messages are
    large, the volume is declared low, Lambda receives, they are dead letters, or what is sent was received one by one.
    """

    id, name = "COST101", "unbatched-requests"
    severity, confidence = Severity.ADVICE, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every request that could be a tenth of one."""
        told: set[tuple[str, int, str]] = set()
        for finding in self._single(topology):
            place = finding.place
            key = (place.path, place.line, finding.variant) if place else ("", 0, finding.variant)
            if key not in told:
                told.add(key)
                yield finding

    def _single(self, topology: Topology) -> Iterator[Finding]:
        one_by_one = {
            (sink_of(endpoint).path, endpoint.place, endpoint.function)
            for endpoint in topology.endpoints(role="consume")
            if endpoint.facts.get("max_messages") == 1
        }
        for endpoint in topology.endpoints(system=tuple(_SEND_CALLS)):
            channels = topology.channels_of(endpoint)
            rare = any(0 < float(c.declaration.needs.get("volume", 0)) < _RARE for c in channels)
            ordered = any(c.declaration.needs.get("ordering") for c in channels)
            rare = rare or (bool(channels) and all(channel.is_dead_letter() for channel in channels))
            if rare or ordered or topology.is_tooling(endpoint) or endpoint.library in ("celery", "kombu"):
                continue
            site = (sink_of(endpoint).path, endpoint.place, endpoint.function)
            if endpoint.role == "produce" and _sends_singly(endpoint) and site not in one_by_one:
                yield self._told(topology, endpoint, "sends", _SEND_CALLS[endpoint.system])
            elif endpoint.role == "consume" and endpoint.system == "sqs":
                if _receives_singly(topology, endpoint):
                    yield self._told(topology, endpoint, "receives", "MaxNumberOfMessages=10")
                elif _deletes_singly(endpoint):
                    yield self._told(topology, endpoint, "deletes", "delete_message_batch")

    def _told(self, topology: Topology, endpoint: Endpoint, verb: str, better: str) -> Finding:
        message = (
            f"{code_name(endpoint)} {verb} one message of '{topology.label_of(endpoint)}' per request: up to "
            f"{_too_many(endpoint.system)}"
        )
        finding = self.finding(message, *topology.channels_of(endpoint)).at(sink_of(endpoint), endpoint).variety(verb)
        return finding.checked("long work, one at a time: no", "few items: no", "declared low volume: no").advise(
            f"use {better}"
        )


def _too_many(system: str) -> str:
    """What single requests come to; Kinesis charges for records, so that there only the round trips count."""
    if system == "kinesis":
        return f"{limit('kinesis', 'max_batch')} times the requests"
    most = limit("sqs", "max_batch")
    saved = price("sns_publish" if system == "sns" else "sqs_standard_requests") * (1 - 1 / most)
    return f"{most} times the requests (about ${saved:.2f} per million messages)"


def _sends_singly(endpoint: Endpoint) -> bool:
    facts = endpoint.facts
    few = 0 < facts.get("loop_count", _FEW + 1) <= _FEW
    return (
        facts.get("loop") == "over-items"
        and not facts.get("batch")
        and not few
        and facts.get("payload_size", 0) < _CHUNK
    )


def _receives_singly(topology: Topology, endpoint: Endpoint) -> bool:
    facts = endpoint.facts
    if facts.get("loop_kind") != "while-true" or facts.get("max_messages", 0) not in (None, 1):
        return False
    effects = {effect["class"] for effect in facts.get("effects") or ()}
    long_work = (facts.get("work_seconds") or 0) >= topology.declarations.threshold("long_work")
    on_purpose = facts["max_messages"] == 1 and (long_work or effects & {"ml", "subprocess"})
    return not on_purpose


def _deletes_singly(endpoint: Endpoint) -> bool:
    several = (endpoint.facts.get("max_messages") or 1) > 1
    acks = [ack for ack in endpoint.facts.get("acks") or () if ack.get("kind") == "delete"]
    quick = not endpoint.facts.get("effects")
    return several and quick and bool(acks) and all(ack.get("per_message") for ack in acks)


_SEND = """
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def publish(orders):
        LINES
    """
_KINESIS = """
    import aioboto3

    async def publish(clicks):
        async with aioboto3.Session().client("kinesis") as kinesis:
            for click in CLICKS:
                await kinesis.put_record(StreamName="clicks", Data=click["body"], PartitionKey=click["user"])
    """
UnbatchedRequests.bad = (
    Example(
        {
            "orders.py": _SEND.replace(
                "LINES", "for order in orders:\n            sqs.send_message(QueueUrl=URL, MessageBody=order)"
            )
        },
        "a request per order",
    ),
    Example({"clicks.py": _KINESIS.replace("CLICKS", "clicks")}, "a request per click"),
)
UnbatchedRequests.good = (
    Example(
        {
            "orders.py": _SEND.replace(
                "LINES",
                "for start in range(0, len(orders), 10):\n"
                "            entries = [\n"
                '                {"Id": str(number), "MessageBody": order}\n'
                "                for number, order in enumerate(orders[start:start + 10])\n"
                "            ]\n"
                "            answer = sqs.send_message_batch(QueueUrl=URL, Entries=entries)\n"
                '            if answer.get("Failed"):\n'
                '                raise RuntimeError(answer["Failed"])',
            )
        },
        "ten orders per request",
    ),
    Example({"clicks.py": _KINESIS.replace("CLICKS", "(clicks[0], clicks[-1])")}, "the first and the last one only"),
)

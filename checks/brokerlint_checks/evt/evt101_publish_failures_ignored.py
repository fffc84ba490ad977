"""EVT101 publish-failures-ignored."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import by_sink, sink_name

_COUNTS = {"put_events": "FailedEntryCount", "publish_batch": "Failed"}


class PublishFailuresIgnored(Check):
    """Events that could not be published are reported in an answer that nobody reads.

    ## What it finds
    `put_events` of EventBridge (also with one entry) and `publish_batch` of SNS whose answer is dropped, or of which
    neither `FailedEntryCount` nor `Failed` is read.

    ## Why it is bad
    The call returns normally although entries were refused: throttled, too large, or malformed. The events are gone.

    ## When it is fine
    The answer is returned or given to code that could not be followed. Where loss is accepted (the call stands alone in
    a `try` that swallows everything, or the channel is declared `best_effort`) it is told as advice.
    """

    id, name = "EVT101", "publish-failures-ignored"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = ("https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every publishing call whose failures are not read."""
        unread = [
            endpoint
            for endpoint in topology.endpoints(role="produce", system=("eventbridge", "sns"))
            if _call(endpoint) in _COUNTS and endpoint.facts.get("response") in ("dropped", "used")
        ]
        for place, endpoints in by_sink(unread):
            call = _call(endpoints[0])
            channels = [channel for endpoint in endpoints for channel in topology.channels_of(endpoint)]
            finding = (
                self.finding(
                    f"{call} in {sink_name(endpoints)} reports failures; '{_COUNTS[call]}' is never read", *channels
                )
                .at(place.saying(f"calls {call}"), *endpoints)
                .checked("answer returned or passed on: no", f"'{_COUNTS[call]}' read: no")
                .advise(f"raise, or publish again, when '{_COUNTS[call]}' is not 0")
            )
            quiet = all(endpoint.facts.get("best_effort") for endpoint in endpoints)
            quiet = quiet or any(signals.is_quiet(channel) for channel in channels)
            yield finding.as_(Severity.ADVICE) if quiet else finding


def _call(endpoint: Endpoint) -> str:
    return endpoint.operation.rpartition(".")[2]


_SENDER = """
    import boto3

    events = boto3.client("events")

    def announce(entry):
        LINE
    """
_ASYNC = """
    import aioboto3

    async def announce(entry):
        async with aioboto3.Session().client("events") as events:
            answer = await events.put_events(Entries=[entry])
            print("announced", ANSWER)
    """
PublishFailuresIgnored.bad = (
    Example({"announce.py": _SENDER.replace("LINE", "events.put_events(Entries=[entry])")}, "the answer is dropped"),
    Example(
        {
            "announce.py": """
                import boto3

                sns = boto3.client("sns")
                TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"

                def announce(entries):
                    sns.publish_batch(TopicArn=TOPIC, PublishBatchRequestEntries=entries)
                """,
        },
        "a batch to a topic",
    ),
    Example({"announce.py": _ASYNC.replace("ANSWER", "answer")}, "the answer is only logged"),
)
PublishFailuresIgnored.good = (
    Example(
        {
            "announce.py": _SENDER.replace(
                "LINE",
                'if events.put_events(Entries=[entry])["FailedEntryCount"]:\n            raise OSError("refused")',
            )
        },
        "the count is read",
    ),
    Example(
        {"announce.py": _SENDER.replace("LINE", "return events.put_events(Entries=[entry])")}, "the caller gets it"
    ),
    Example({"announce.py": _ASYNC.replace("ANSWER", '1 - answer["FailedEntryCount"]')}, "failures are subtracted"),
)

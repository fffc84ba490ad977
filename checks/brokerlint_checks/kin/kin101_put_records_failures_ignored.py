"""KIN101 put-records-failures-ignored."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import by_sink, sink_name

_COUNTS = {"put_records": "FailedRecordCount", "put_record_batch": "FailedPutCount"}


class PutRecordsFailuresIgnored(Check):
    """Records that a stream refused are counted in an answer that nobody reads.

    ## What it finds
    `put_records` of Kinesis and `put_record_batch` of Firehose whose answer is dropped, or of which the number of
    failures is not read.

    ## Why it is bad
    A throttled shard refuses single records while the call succeeds. They are lost without an error.

    ## When it is fine
    The failures are read, the answer is returned, or it goes to code that could not be followed.
    """

    id, name = "KIN101", "put-records-failures-ignored"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every batch whose failures are not read."""
        unread = [
            endpoint
            for endpoint in topology.endpoints(role="produce", system=("kinesis", "firehose"))
            if _call(endpoint) in _COUNTS and endpoint.facts.get("response") in ("dropped", "used")
        ]
        for place, endpoints in by_sink(unread):
            call = _call(endpoints[0])
            count = _COUNTS[call]
            message = f"{call} in {sink_name(endpoints)} succeeds under throttling with failures; {count} is never read"
            finding = self.finding(message, *topology.channels_of_all(endpoints)).at(place, *endpoints)
            yield finding.checked(f"{count} read: no", "answer returned or passed on: no").advise(
                "send the records whose answer has an ErrorCode again"
            )


def _call(endpoint: Endpoint) -> str:
    return endpoint.operation.rpartition(".")[2]


_SEND = """
    import boto3

    kinesis = boto3.client("kinesis")

    def send(records):
        LINE
    """
_CALL = 'kinesis.put_records(StreamName="clicks", Records=records)'
_FIREHOSE = """
    import aioboto3

    async def send(records):
        async with aioboto3.Session().client("firehose") as firehose:
            answer = await firehose.put_record_batch(DeliveryStreamName="clicks", Records=records)
            print("sent", answer["KEY"])
    """
PutRecordsFailuresIgnored.bad = (
    Example({"clicks.py": _SEND.replace("LINE", _CALL)}, "the answer is dropped"),
    Example({"clicks.py": _FIREHOSE.replace("KEY", "RequestId")}, "something else is read"),
)
PutRecordsFailuresIgnored.good = (
    Example(
        {
            "clicks.py": _SEND.replace(
                "LINE", f'if {_CALL}["FailedRecordCount"]:\n            raise RuntimeError("some records were refused")'
            )
        },
        "failures are raised",
    ),
    Example({"clicks.py": _FIREHOSE.replace("KEY", "FailedPutCount")}, "the number of failures is read"),
)

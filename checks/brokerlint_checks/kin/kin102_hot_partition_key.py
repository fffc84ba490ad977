"""KIN102 hot-partition-key."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import code_name


class HotPartitionKey(Check):
    """Every record of a stream has the same partition key.

    ## What it finds
    A constant `PartitionKey` on a stream that has several shards, is on-demand, or whose shards are not known (medium).

    ## Why it is bad
    The key decides the shard. All records go to one, which throttles at 1 MB or 1,000 records a second while the others
    are paid for and empty.

    ## When it is fine
    The stream has one shard, or a global order is declared as needed.
    """

    id, name = "KIN102", "hot-partition-key"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    sources = ("https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every send with a constant key."""
        for endpoint in topology.endpoints(role="produce", system="kinesis"):
            if (endpoint.facts.get("key") or {}).get("kind") != "const":
                continue
            streams = topology.channels_of(endpoint)
            if not streams:
                yield self._told(topology, endpoint).capped(Confidence.MEDIUM, "the stream is not known")
            for stream in streams:
                shards, mode = stream.property("shards"), stream.property("mode")
                if shards == 1 or stream.declaration.needs.get("ordering") == "global":
                    continue
                finding = self._told(topology, endpoint, stream)
                if not isinstance(shards, int) and str(mode).lower() not in ("on-demand", "on_demand"):
                    finding = finding.capped(Confidence.MEDIUM, "the number of shards is not known")
                yield finding

    def _told(self, topology: Topology, endpoint: Endpoint, stream: ChannelNode | None = None) -> Finding:
        name = str(stream) if stream else f"an {topology.label_of(endpoint)}"
        message = f"{code_name(endpoint)} sends every record of {name} with one PartitionKey: one shard takes all"
        finding = self.finding(message, *([stream] if stream else ()))
        finding = finding.at(endpoint, stream if stream and stream.declared else None)
        finding = finding.checked("one shard: no", "global order declared: no")
        return finding.advise("use a key that varies, such as the device's id")


_SEND = """
    import boto3

    kinesis = boto3.client("kinesis")

    def click(event):
        kinesis.put_record(StreamName="clicks", Data=event["body"], PartitionKey=KEY)
    """
_STREAM = 'resource "aws_kinesis_stream" "scans" {\n  name = "scans"\n  shard_count = COUNT\n}\n'
_ASYNC = """
    import aioboto3

    async def scan(body):
        async with aioboto3.Session().client("kinesis") as kinesis:
            await kinesis.put_record(StreamName="scans", Data=body, PartitionKey="scan")
    """
HotPartitionKey.bad = (
    Example({"clicks.py": _SEND.replace("KEY", '"clicks"')}, "one key"),
    Example({"main.tf": _STREAM.replace("COUNT", "4"), "scans.py": _ASYNC}, "three of four shards are empty"),
)
HotPartitionKey.good = (
    Example({"clicks.py": _SEND.replace("KEY", 'event["device"]')}, "keyed by device"),
    Example({"main.tf": _STREAM.replace("COUNT", "1"), "scans.py": _ASYNC}, "there is one shard only"),
)

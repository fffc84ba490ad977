"""SEC105 unsafe-deserialization."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name


class UnsafeDeserialization(Check):
    """A consumer unpickles or evaluates what it receives.

    ## What it finds
    The body of a message that reaches `pickle`, `dill`, `cloudpickle`, `marshal`, an unsafe YAML loader or `eval`, and
    deserializers set to one of these.

    ## Why it is bad
    Whoever can write to the channel runs code in the consumer.

    ## When it is fine
    The body's signature is checked first.
    """

    id, name = "SEC105", "unsafe-deserialization"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://docs.python.org/3/library/pickle.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that runs what it reads."""
        for endpoint in topology.endpoints(role="consume"):
            loads = signals.said(endpoint.facts.get("unsafe_load"), "loads the body as code")
            pickled = endpoint.facts.get("deserializer") == "pickle"
            if endpoint.facts.get("verified") or topology.is_tooling(endpoint) or not (loads or pickled):
                continue
            message = (
                f"{code_name(endpoint)} unpickles or evaluates messages of '{topology.label_of(endpoint)}': whoever "
            )
            finding = self.finding(f"{message}can write there runs code here", *topology.channels_of(endpoint))
            yield (
                finding.at(endpoint, *loads).checked("signature checked first: no").advise("use JSON, Avro or Protobuf")
            )


_LOOP = """
    import json
    import pickle
    from kafka import KafkaConsumer

    consumer = KafkaConsumer(
        "jobs", bootstrap_servers="broker:9092", group_id="worker", value_deserializer=LOADER
    )
    for message in consumer:
        print(message.value)
    """
_QUEUE = """
    import boto3
    import yaml

    queue = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs")
    while True:
        for message in queue.receive_messages(WaitTimeSeconds=20):
            print(LOAD)
            message.delete()
    """
UnsafeDeserialization.bad = (
    Example({"worker.py": _LOOP.replace("LOADER", "pickle.loads")}, "pickled messages"),
    Example(
        {"jobs.py": _QUEUE.replace("LOAD", "yaml.load(message.body, Loader=yaml.Loader)")}, "YAML that makes objects"
    ),
)
UnsafeDeserialization.good = (
    Example({"worker.py": _LOOP.replace("LOADER", "json.loads")}, "JSON"),
    Example({"jobs.py": _QUEUE.replace("LOAD", "yaml.safe_load(message.body)")}, "YAML without objects"),
)

"""OPS106 no-graceful-shutdown."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import code_name, setting

_PLATFORMS = frozenset({"container", "compose", "k8s", "kubernetes", "ecs", "helm", "openshift"})
_LOOPS = frozenset({"while-true", "for-iter", "async-for"})


class NoGracefulShutdown(Check):
    """A consumer loops for ever and is never closed.

    ## What it finds
    An endless consumer in a container without a signal handler, a `finally` that closes it, or a context manager.

    ## Why it is bad
    At each deployment the group waits for the session timeout before the partitions go on, and messages that were
    received stay hidden until their timeout ends.

    ## When it is fine
    A framework or Lambda runs the consumer. Catching `KeyboardInterrupt` alone is not enough: containers get SIGTERM.
    """

    id, name = "OPS106", "no-graceful-shutdown"
    severity, confidence = Severity.ADVICE, Confidence.MEDIUM
    profiles = frozenset({"strict"})
    environment_bound = True
    sources = ("https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that is killed rather than stopped."""
        for endpoint in topology.endpoints(role="consume", system=("kafka", "sqs")):
            platforms = {use.service.platform for use in topology.uses_of(endpoint) if use.service}
            endless = endpoint.facts.get("loop_kind") in _LOOPS and not endpoint.facts.get("stops_on_empty")
            if not endless or endpoint.facts.get("closes") != [] or not platforms & _PLATFORMS:
                continue
            topics = topology.channels_of(endpoint)
            message = (
                f"{code_name(endpoint)} loops for ever and never closes: each deployment {_cost(endpoint, topics)}"
            )
            finding = self.finding(message, *topics).at(*topology.uses_of(endpoint)[:1], endpoint)
            yield finding.checked("signal handler: none", "closed in finally or with: no", "framework: no").advise(
                "let SIGTERM end the loop, and close the consumer in finally"
            )


def _cost(endpoint: Endpoint, channels: tuple[ChannelNode, ...]) -> str:
    if endpoint.system == "kafka":
        session = setting(endpoint, "session_timeout")
        seconds = f" of {session // 1000} s" if isinstance(session, int) else ""
        return f"waits for the session timeout{seconds}"
    hidden = next((v for queue in channels if (v := queue.effective("visibility_timeout", "default_visibility"))), None)
    return f"leaves messages hidden{f' for {hidden} s' if hidden else ''}"


_LOOP = """
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "g", "enable.auto.commit": False})
    consumer.subscribe(["orders"])
    try:
        while True:
            message = consumer.poll(1.0)
            if message is None:
                continue
            if message.error():
                raise RuntimeError(message.error())
            print(message.value())
            consumer.commit(message)
    finally:
        END
    """
_DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: orders}
    spec:
      selector: {matchLabels: {app: orders}}
      template:
        metadata: {labels: {app: orders}}
        spec:
          containers:
            - {name: orders, image: "example/orders:1", command: [python, orders/app.py]}
    """


def _system(end: str) -> dict[str, str]:
    return {"deploy/prod/orders.yaml": _DEPLOYMENT, "orders/app.py": _LOOP.replace("END", end)}


_POLL = """
    import signal
    import boto3

    queue = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/scans")
    running = True

    def stop(number, frame):
        global running
        running = False

    TERM
    while running:
        for message in queue.receive_messages(WaitTimeSeconds=20):
            print(message.body)
            message.delete()
    """
_SCANS = {
    "deploy/prod/docker-compose.yml": "services: {scans: {build: ../../scans, command: python app.py}}",
    "scans/Dockerfile": "FROM python:3.12\nCOPY . .\n",
}
NoGracefulShutdown.bad = (
    Example(_system('print("stopped")'), "never closed"),
    Example({**_SCANS, "scans/app.py": _POLL.replace("TERM", "print('started')")}, "nothing tells it to stop"),
)
NoGracefulShutdown.good = (
    Example(_system("consumer.close()"), "closed at the end"),
    Example(
        {**_SCANS, "scans/app.py": _POLL.replace("TERM", "signal.signal(signal.SIGTERM, stop)")},
        "SIGTERM ends the loop",
    ),
)

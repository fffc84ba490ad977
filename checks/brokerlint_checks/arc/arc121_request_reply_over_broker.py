"""ARC121 request-reply-over-broker."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology, Use, signals
from brokerlint.topology.uses import code_name

_CORRELATION = frozenset({"correlation_id", "reply_to"})


class RequestReplyOverBroker(Check):
    """A call is tunnelled through two channels: the sender publishes a request and blocks until the answer comes.

    ## What it finds
    A send after which the same call path waits for an answer, where the message carries a correlation id or a reply
    address, or where another service is seen to receive the request and send to a channel that the sender reads. Also a
    Celery task whose result is waited for. In the handler of an HTTP request it is a warning.

    ## Why it is bad
    It is a synchronous call with the drawbacks of both worlds: the caller still depends on the callee being up, and
    adds two channels, a correlation table, timeouts and the latency of two hops.

    ## When it is fine
    Nobody waits: the answer comes by a callback, a webhook or a status resource. Or the answers are read by others too,
    or the channel is declared `rpc = "buffered"` because the broker's buffering is wanted.
    """

    id, name = "ARC121", "request-reply-over-broker"
    severity, confidence = Severity.ADVICE, Confidence.MEDIUM
    profiles = frozenset({"strict", "advisory"})
    sources = ("https://www.enterpriseintegrationpatterns.com/patterns/messaging/RequestReply.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every send that is followed by waiting for its answer."""
        for endpoint in topology.endpoints(role="produce"):
            waits = signals.said(endpoint.facts.get("waits_for_reply"), "waits for the answer")
            requests = topology.channels_of(endpoint)
            if not waits or any(request.declaration.rpc for request in requests):
                continue
            answer = next((found for request in requests if (found := _answer(topology, endpoint, request))), None)
            correlated = bool(_CORRELATION & set(endpoint.facts.get("headers") or ()))
            if not (answer or correlated or endpoint.library == "celery"):
                continue
            if answer and len(answer[0].consumer_services()) > 1:
                continue
            yield self._call(endpoint, requests, answer).at(*waits)

    def _call(
        self, endpoint: Endpoint, requests: tuple[ChannelNode, ...], answer: tuple[ChannelNode, Use] | None
    ) -> Finding:
        to = ", ".join(request.label for request in requests) or "a channel"
        back = f" on '{answer[0].label}'" if answer else ""
        message = (
            f"{code_name(endpoint)} publishes to '{to}' and waits for the answer{back}: a synchronous call in disguise"
        )
        finding = self.finding(message, *requests).at(endpoint)
        if answer:
            finding = finding.about(answer[0]).at(answer[1])
        if endpoint.facts.get("entry_kind") == "http":
            finding = finding.as_(Severity.WARNING)
        return finding.checked("answers read by others: no", 'declared rpc = "buffered": no').advise(
            "call the service directly with a timeout", "or answer 202 and let the caller be notified"
        )


def _answer(topology: Topology, request: Endpoint, channel: ChannelNode) -> tuple[ChannelNode, Use] | None:
    """The channel on which another service's handler of the request answers the sender, and where it sends."""
    own = set(request.services)
    for consumer in channel.consumers().in_code():
        for produce in topology.uses(role="produce").in_code():
            same_service = consumer.service and produce.service and consumer.service.name == produce.service.name
            if not same_service or produce.channel == channel.key:
                continue
            reply = topology.channel(produce.channel)
            if reply and own & set(reply.consumer_services()) and consumer.who not in own:
                return reply, produce
    return None


_GATEWAY = """
    import uuid
    from confluent_kafka import Consumer, Producer
    from flask import Flask

    app = Flask(__name__)
    producer = Producer({"bootstrap.servers": "broker:9092"})
    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "gateway"})
    consumer.subscribe(["price-answers"])

    @app.get("/price/<item>")
    def price(item):
        correlation_id = str(uuid.uuid4())
        producer.produce("price-requests", item, headers={"correlation_id": correlation_id})
        producer.flush()
        while True:
            message = consumer.poll(1.0)
            if message is None or message.error():
                continue
            if dict(message.headers())["correlation_id"] == correlation_id.encode():
                return message.value()
    """
_PRICING = """
    from confluent_kafka import Consumer, Producer

    producer = Producer({"bootstrap.servers": "broker:9092"})
    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "pricing"})
    consumer.subscribe(["price-requests"])
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        producer.produce("price-answers", b"42", headers=message.headers())
        producer.flush()
    """
_TASK = """
    from celery import Celery
    from flask import Flask

    app = Flask(__name__)
    tasks = Celery("tasks", broker="sqs://")

    @tasks.task
    def total(order):
        return sum(order)

    @app.get("/total")
    def show():
        ANSWER
    """
RequestReplyOverBroker.bad = (
    Example({"gateway/app.py": _GATEWAY, "pricing/app.py": _PRICING}, "a price is asked for through two topics"),
    Example(
        {"web.py": _TASK.replace("ANSWER", "return str(total.delay([1, 2]).get(timeout=10))")},
        "an HTTP handler waits for a task",
    ),
)
RequestReplyOverBroker.good = (
    Example(
        {
            "gateway/app.py": """
                from confluent_kafka import Producer
                from flask import Flask

                app = Flask(__name__)
                producer = Producer({"bootstrap.servers": "broker:9092"})

                @app.post("/report/<name>")
                def report(name):
                    producer.produce("report-requests", name, headers={"correlation_id": name})
                    producer.poll(0)
                    return "accepted", 202
                """,
        },
        "nobody waits: 202 and a later notification",
    ),
    Example(
        {"web.py": _TASK.replace("ANSWER", 'return {"task": total.delay([1, 2]).id}, 202')},
        "the browser gets the task's id and asks later",
    ),
)

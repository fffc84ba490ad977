"""KFK105 client-per-message."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import by_sink, sink_name

_PER_MESSAGE = frozenset({"http", "consumer-handler", "lambda-handler"})


class ClientPerMessage(Check):
    """A client is built anew for each message or request.

    ## What it finds
    A producer (or AWS client, as advice) that is built inside a loop or a handler, or in a function that an HTTP
    request, a consumed message or a loop reaches, and that sends there.

    ## Why it is bad
    A Kafka producer opens connections, fetches metadata and starts threads: per message that is many times the work of
    sending it, nothing is batched, and connections pile up at the broker.

    ## When it is fine
    The client is cached (`lru_cache`, a singleton, the application's state), a script or scheduled job builds it once
    per run, or its credentials belong to the request.
    """

    id, name = "KFK105", "client-per-message"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = ("https://github.com/confluentinc/librdkafka/blob/master/INTRODUCTION.md",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every client that lives no longer than its message."""
        short = [
            endpoint
            for endpoint in topology.endpoints(role="produce")
            if _repeats(topology, endpoint) and endpoint.library != "celery" and not topology.is_tooling(endpoint)
        ]
        for place, endpoints in by_sink(short):
            endpoint = endpoints[0]
            finding = (
                self.finding(
                    f"{sink_name(endpoints)} builds a client of {endpoint.library} {_repeats(topology, endpoint)} "
                    f"to send to '{topology.label_of(*endpoints)}': connections are set up for each message",
                    *topology.channels_of_all(endpoints),
                )
                .at(place, *endpoints)
                .checked("cached client: no", "script or scheduled job: no")
                .advise("build the client once, at module level or when the application starts")
            )
            yield finding if endpoint.system == "kafka" else finding.as_(Severity.ADVICE)


def _repeats(topology: Topology, endpoint: Endpoint) -> str | None:
    """Where the client is built again and again; None when it is built once or that is not known."""
    scope, entry = endpoint.facts.get("client_scope"), endpoint.facts.get("entry_kind")
    if scope == "loop":
        return "in a loop"
    reached = entry in _PER_MESSAGE or topology.runs_for_each_message(endpoint)
    if scope == "handler" or (scope == "function" and reached):
        return f"in the handling of each {'request' if entry == 'http' else 'message'}"
    return None


_POST = """
    from confluent_kafka import Producer
    from flask import Flask, request

    app = Flask(__name__)

    @app.post("/orders")
    def order():
        producer = Producer({"bootstrap.servers": "broker:9092"})
        producer.produce("orders", request.data)
        producer.flush(5)
        return "accepted", 202
    """
_ASYNC = """
    from functools import lru_cache
    from aiokafka import AIOKafkaProducer
    from fastapi import FastAPI

    app = FastAPI()
    BROKER = "broker:9092"

    @lru_cache
    def shared():
        return AIOKafkaProducer(bootstrap_servers=BROKER)

    @app.post("/orders")
    async def order(body: bytes):
        producer = PRODUCER
        await producer.start()
        await producer.send_and_wait("orders", body)
    """
ClientPerMessage.bad = (
    Example({"web.py": _POST}, "a producer per HTTP request"),
    Example(
        {
            "export.py": """
                from confluent_kafka import Producer

                def export(rows):
                    for row in rows:
                        producer = Producer({"bootstrap.servers": "broker:9092"})
                        producer.produce("rows", row)
                        producer.flush()
                """,
        },
        "a producer per row",
    ),
    Example({"web.py": _ASYNC.replace("PRODUCER", "AIOKafkaProducer(bootstrap_servers=BROKER)")}, "for each order"),
)
ClientPerMessage.good = (
    Example(
        {
            "relay.py": """
                from confluent_kafka import Consumer, Producer

                def relay(servers):
                    consumer = Consumer({"bootstrap.servers": servers, "group.id": "relay"})
                    producer = Producer({"bootstrap.servers": servers})
                    consumer.subscribe(["orders"])
                    while True:
                        message = consumer.poll(1.0)
                        if message is not None and not message.error():
                            producer.produce("bills", message.value())
                """,
        },
        "a relay that builds its clients before its loop",
    ),
    Example(
        {
            "bus.py": """
                from confluent_kafka import Producer

                class SingletonMeta(type):
                    known = {}

                    def __call__(cls, *args):
                        if cls not in cls.known:
                            cls.known[cls] = super().__call__(*args)
                        return cls.known[cls]

                class Bus(Producer, metaclass=SingletonMeta):
                    pass

                def bus():
                    return Bus({"bootstrap.servers": "broker:9092"})
                """,
            "web.py": """
                from bus import bus
                from flask import Flask, request

                app = Flask(__name__)

                @app.post("/orders")
                def order():
                    bus().produce("orders", request.data)
                    return "accepted", 202
                """,
        },
        "a class that keeps its only object",
    ),
    Example(
        {
            "bus.py": """
                import time

                from kafka import KafkaProducer

                class Bus:
                    def connect(self):
                        while True:
                            try:
                                self.producer = KafkaProducer(bootstrap_servers="broker:9092")
                                return self.producer
                            except ConnectionError:
                                time.sleep(1)

                    def send(self, body):
                        self.producer.send("orders", body)

                bus = Bus()
                bus.connect()
                """,
        },
        "a loop that only waits for the broker",
    ),
    Example(
        {
            "bus.py": """
                from confluent_kafka import Consumer, Producer

                def clients(servers):
                    config = {"bootstrap.servers": servers}
                    producer = Producer(config)
                    consumer = Consumer({**config, "group.id": "web"})
                    return config, producer, consumer
                """,
            "web.py": """
                from bus import clients
                from flask import Flask, request

                app = Flask(__name__)
                _, PRODUCER, _ = clients("broker:9092")

                @app.post("/orders")
                def order():
                    PRODUCER.produce("orders", request.data)
                    return "accepted", 202
                """,
        },
        "built when the module is loaded, by a function that gives several clients",
    ),
    Example(
        {
            "web.py": """
                from confluent_kafka import Producer
                from flask import Flask, request

                app = Flask(__name__)
                producer = Producer({"bootstrap.servers": "broker:9092"})

                @app.post("/orders")
                def order():
                    producer.produce("orders", request.data)
                    producer.poll(0)
                    return "accepted", 202
                """,
        },
        "one producer for the process",
    ),
    Example({"web.py": _ASYNC.replace("PRODUCER", "shared()")}, "made at the first request and kept"),
)

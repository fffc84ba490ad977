"""How names reach the call in real code: each idiom with the endpoint that must come out of it.

A case is a small program and what its endpoints must be: (line, role, channels), a channel written as ``name``,
``$VARIABLE`` (no default), ``name$VARIABLE`` (with default), a glob, or ``?``.
"""

from __future__ import annotations

from textwrap import dedent

import pytest

from brokerlint.facts import Endpoint, Facts
from brokerlint.pipeline import analyse_sources

KAFKA = "from confluent_kafka import Consumer, Producer\n"


def shown(endpoint: Endpoint) -> str:
    """The channels of an endpoint in the notation of the cases."""
    found = []
    for channel in endpoint.channels:
        name = channel.name
        text = "?" if name.kind == "unknown" else (name.text or "") + (f"${name.env}" if name.env else "")
        found.append(text)
    return " ".join(sorted(found))


def found(facts: Facts, path: str = "app.py") -> list[tuple[int, str, str]]:
    """(line, role, channels) of the endpoints in one file."""
    return sorted((e.place.line, e.role, shown(e)) for e in facts.endpoints if e.place.path == path)


CASES: dict[str, tuple[str, list[tuple[int, str, str]]]] = {
    "a literal at the call": (
        """
        from confluent_kafka import Producer
        Producer({}).produce("orders", b"1")
        """,
        [(2, "produce", "orders")],
    ),
    "a constant and an f-string": (
        """
        from confluent_kafka import Producer
        PREFIX = "shop"
        Producer({}).produce(f"{PREFIX}.orders", b"1")
        """,
        [(3, "produce", "shop.orders")],
    ),
    "percent, format, join and concatenation": (
        """
        from confluent_kafka import Producer
        p = Producer({})
        p.produce("%s-orders" % "eu", b"1")
        p.produce("{}-{kind}".format("eu", kind="orders"), b"1")
        p.produce("-".join(["eu", "orders"]), b"1")
        p.produce("eu" + "-" + "orders", b"1")
        """,
        [
            (3, "produce", "eu-orders"),
            (4, "produce", "eu-orders"),
            (5, "produce", "eu-orders"),
            (6, "produce", "eu-orders"),
        ],
    ),
    "an environment variable, with and without default": (
        """
        import os
        from confluent_kafka import Producer
        p = Producer({})
        p.produce(os.environ["TOPIC"], b"1")
        p.produce(os.getenv("TOPIC", "orders"), b"1")
        p.produce(os.environ.get("TOPIC") or "orders", b"1")
        """,
        [(4, "produce", "$TOPIC"), (5, "produce", "orders$TOPIC"), (6, "produce", "orders$TOPIC")],
    ),
    "a function's parameter is decided by its callers": (
        """
        from confluent_kafka import Producer
        producer = Producer({})
        def publish(topic, body):
            producer.produce(topic, body)
        publish("orders", b"1")
        publish(body=b"2", topic="refunds")
        """,
        [(5, "produce", "orders"), (6, "produce", "refunds")],
    ),
    "two instances of one publisher keep their own topics": (
        """
        from confluent_kafka import Producer
        class Publisher:
            def __init__(self, topic):
                self.topic = topic
                self.producer = Producer({})
            def send(self, body):
                self.producer.produce(self.topic, body)
        orders = Publisher("orders")
        refunds = Publisher("refunds")
        orders.send(b"1")
        refunds.send(b"2")
        """,
        [(10, "produce", "orders"), (11, "produce", "refunds")],
    ),
    "a publisher handed through two constructors": (
        """
        from confluent_kafka import Producer
        class Publisher:
            def __init__(self, topic):
                self.topic = topic
                self.producer = Producer({})
            def send(self, body):
                self.producer.produce(self.topic, body)
        class Checkout:
            def __init__(self, publisher):
                self.publisher = publisher
            def buy(self):
                self.publisher.send(b"1")
        def main():
            Checkout(Publisher("orders")).buy()
        """,
        [(14, "produce", "orders")],
    ),
    "an enumeration's member and all its values": (
        """
        from enum import Enum
        from confluent_kafka import Consumer, Producer
        class Topics(str, Enum):
            ORDERS = "orders"
            REFUNDS = "refunds"
        Producer({}).produce(Topics.ORDERS.value, b"1")
        Consumer({"group.id": "g"}).subscribe([topic.value for topic in Topics])
        """,
        [(6, "produce", "orders"), (7, "consume", "orders refunds")],
    ),
    "pydantic settings with a prefix and an alias": (
        """
        from pydantic import Field
        from pydantic_settings import BaseSettings, SettingsConfigDict
        from confluent_kafka import Producer
        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="SHOP_")
            topic: str = "orders"
            refunds: str = Field("refunds", validation_alias="REFUND_TOPIC")
        settings = Settings()
        p = Producer({})
        p.produce(settings.topic, b"1")
        p.produce(settings.refunds, b"1")
        """,
        [(10, "produce", "orders$SHOP_TOPIC"), (11, "produce", "refunds$REFUND_TOPIC")],
    ),
    "a dataclass with a default and with an argument": (
        """
        from dataclasses import dataclass, field
        from confluent_kafka import Producer
        @dataclass
        class Config:
            topic: str = "orders"
            dlq: str = field(default="orders.dlq")
        p = Producer({})
        p.produce(Config().topic, b"1")
        p.produce(Config(topic="other").topic, b"1")
        p.produce(Config().dlq, b"1")
        """,
        [(8, "produce", "orders"), (9, "produce", "other"), (10, "produce", "orders.dlq")],
    ),
    "an own settings class with branches in a method": (
        """
        import os
        from confluent_kafka import Producer
        class Config:
            def __init__(self):
                if os.getenv("CLOUD"):
                    self.cloud()
                else:
                    self.local()
            def cloud(self):
                self.topic = os.environ["CLOUD_TOPIC"]
            def local(self):
                self.topic = os.getenv("TOPIC", "orders")
        CFG = Config()
        Producer({}).produce(CFG.topic, b"1")
        """,
        [(14, "produce", "$CLOUD_TOPIC orders$TOPIC")],
    ),
    "inherited and overridden class attributes": (
        """
        from confluent_kafka import Producer
        class Base:
            topic = None
            def __init__(self):
                self.producer = Producer({})
            def send(self, body):
                self.producer.produce(self.topic, body)
        class Orders(Base):
            topic = "orders"
        class Refunds(Base):
            topic = "refunds"
        Orders().send(b"1")
        Refunds().send(b"1")
        """,
        [(12, "produce", "orders"), (13, "produce", "refunds")],
    ),
    "a property": (
        """
        from confluent_kafka import Producer
        class Names:
            def __init__(self, stage):
                self.stage = stage
            @property
            def orders(self):
                return f"{self.stage}-orders"
        Producer({}).produce(Names("prod").orders, b"1")
        """,
        [(8, "produce", "prod-orders")],
    ),
    "partial and a callable handed over": (
        """
        from functools import partial
        from confluent_kafka import Producer
        producer = Producer({})
        def publish(topic, body):
            producer.produce(topic, body)
        to_orders = partial(publish, "orders")
        to_orders(b"1")
        def handle(message, send):
            send("refunds", message)
        handle(b"2", send=publish)
        """,
        [(7, "produce", "orders"), (9, "produce", "refunds")],
    ),
    "a cached factory": (
        """
        from functools import lru_cache
        import boto3
        @lru_cache
        def client(name):
            return boto3.client(name)
        def queue_url():
            return client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
        client("sqs").send_message(QueueUrl=queue_url(), MessageBody="x")
        """,
        [(8, "produce", "jobs")],
    ),
    "a client in a global that is set later": (
        """
        from confluent_kafka import Producer
        producer = None
        def start():
            global producer
            producer = Producer({})
        def publish(body):
            producer.produce("orders", body)
        """,
        [(7, "produce", "orders")],
    ),
    "registry of handlers, then subscribe to its keys": (
        """
        from confluent_kafka import Consumer
        handlers = {}
        def on_order(message): ...
        def on_refund(message): ...
        handlers["orders"] = on_order
        handlers["refunds"] = on_refund
        consumer = Consumer({"group.id": "g"})
        consumer.subscribe(list(handlers))
        """,
        [(8, "consume", "orders refunds")],
    ),
    "a loop over literal queues": (
        """
        import boto3
        sqs = boto3.client("sqs")
        for queue in ("email", "audit"):
            sqs.send_message(QueueUrl=f"https://sqs.eu-west-1.amazonaws.com/1/{queue}", MessageBody="x")
        """,
        [(4, "produce", "audit email")],
    ),
    "a receiver known by its annotation": (
        """
        from mypy_boto3_sqs import SQSClient
        def push(sqs: SQSClient):
            sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/jobs", MessageBody="x")
        """,
        [(3, "produce", "jobs")],
    ),
    "a queue object kept in an attribute": (
        """
        import boto3
        class Jobs:
            def __init__(self):
                self.queue = boto3.resource("sqs").get_queue_by_name(QueueName="jobs")
            def push(self, body):
                self.queue.send_message(MessageBody=body)
            def pull(self):
                return self.queue.receive_messages(MaxNumberOfMessages=10)
        """,
        [(6, "produce", "jobs"), (8, "consume", "jobs")],
    ),
    "a subclass of the library's consumer": (
        """
        from kafka import KafkaConsumer
        CONF = {"group_id": "billing"}
        class Orders(KafkaConsumer):
            def __init__(self):
                super().__init__("orders", **CONF)
        """,
        [(5, "consume", "orders")],
    ),
    "a subclass of the library's producer with its own topic": (
        """
        from kafka.producer.base import Producer
        class Orders(Producer):
            def __init__(self, client, topic, **options):
                super(Orders, self).__init__(client, **options)
                self.topic = topic
            def put(self, body):
                return super(Orders, self).send_messages(self.topic, 0, body)
        def main(client):
            Orders(client, "orders", req_acks=-1).put(b"x")
        """,
        [(9, "produce", "orders")],
    ),
    "a key of a mapping inside another, set later": (
        """
        from confluent_kafka import Consumer
        class Reader:
            def __init__(self, config):
                self.config = config
                self.config["topics"]["in"] = "orders"
                self.config["topics"].update({"out": "bills"})
                Consumer({}).subscribe([self.config["topics"]["in"], self.config["topics"]["out"]])
        Reader({"topics": {"in": "nothing"}})
        """,
        [(8, "consume", "bills orders")],
    ),
    "an async client as a context manager": (
        """
        import aioboto3
        session = aioboto3.Session()
        async def push():
            async with session.client("sqs") as sqs:
                await sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/jobs", MessageBody="x")
        """,
        [(5, "produce", "jobs")],
    ),
    "json in an environment variable's default": (
        """
        import json, os
        from confluent_kafka import Consumer
        Consumer({"group.id": "g"}).subscribe(json.loads(os.environ.get("TOPICS", '["a-topic", "b-topic"]')))
        """,
        [(3, "consume", "a-topic b-topic")],
    ),
    "a decorator factory with an argument": (
        """
        from confluent_kafka import Producer
        producer = Producer({})
        def publishes(topic):
            def decorate(function):
                def wrapper(*args):
                    result = function(*args)
                    producer.produce(topic, result)
                    return result
                return wrapper
            return decorate
        @publishes("orders")
        def create(): ...
        """,
        [(11, "produce", "orders")],
    ),
    "dependency injection by default value": (
        """
        from fastapi import Depends, FastAPI
        from aiokafka import AIOKafkaProducer
        app = FastAPI()
        def get_producer():
            return AIOKafkaProducer()
        @app.post("/orders")
        async def create(producer: AIOKafkaProducer = Depends(get_producer)):
            await producer.send_and_wait("orders", b"1")
        """,
        [(8, "produce", "orders")],
    ),
    "an object on the application's state": (
        """
        from fastapi import FastAPI, Request
        from aiokafka import AIOKafkaProducer
        app = FastAPI()
        @app.on_event("startup")
        async def start():
            app.state.producer = AIOKafkaProducer()
        @app.post("/orders")
        async def create(request: Request):
            await request.app.state.producer.send("orders", b"1")
        """,
        [(9, "produce", "orders")],
    ),
    "an object on the current application": (
        """
        from flask import Flask, current_app
        from kafka import KafkaProducer
        def create_app():
            flask_app = Flask("shop")
            flask_app.producer = KafkaProducer()
            return flask_app
        def create():
            current_app.producer.send("orders", b"1")
        """,
        [(8, "produce", "orders")],
    ),
    "an abstract publisher with one implementation": (
        """
        from typing import Protocol
        from confluent_kafka import Producer
        class Publisher(Protocol):
            def publish(self, topic: str, body: bytes) -> None: ...
        class KafkaPublisher:
            def __init__(self):
                self.producer = Producer({})
            def publish(self, topic: str, body: bytes) -> None:
                self.producer.produce(topic, body)
        class Checkout:
            def __init__(self, publisher: Publisher):
                self.publisher = publisher
            def buy(self):
                self.publisher.publish("orders", b"1")
        """,
        [(14, "produce", "orders")],
    ),
    "a payload class whose default decides the topic": (
        """
        from dataclasses import dataclass
        from confluent_kafka import Producer
        producer = Producer({})
        @dataclass
        class OrderPlaced:
            number: int
            topic: str = "orders"
        def publish(event):
            producer.produce(event.topic, b"1")
        publish(OrderPlaced(1))
        """,
        [(10, "produce", "orders")],
    ),
    "an option of the command line": (
        """
        import argparse
        from confluent_kafka import Producer
        parser = argparse.ArgumentParser()
        parser.add_argument("--topic", default="orders")
        args = parser.parse_args()
        Producer({}).produce(args.topic, b"1")
        """,
        [(6, "produce", "orders")],
    ),
    "a click option": (
        """
        import click
        from confluent_kafka import Producer
        @click.command()
        @click.option("--topic", default="orders", envvar="TOPIC")
        def main(topic):
            Producer({}).produce(topic, b"1")
        """,
        [(6, "produce", "orders$TOPIC")],
    ),
    "tuples returned and unpacked": (
        """
        import boto3
        def parts():
            client = boto3.client("sqs")
            return client, "https://sqs.eu-west-1.amazonaws.com/1/jobs"
        sqs, url = parts()
        sqs.send_message(QueueUrl=url, MessageBody="x")
        """,
        [(6, "produce", "jobs")],
    ),
    "keyword dictionaries spread into the call": (
        """
        import boto3
        sqs = boto3.client("sqs")
        request = {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/jobs", "MessageBody": "x"}
        sqs.send_message(**request)
        """,
        [(4, "produce", "jobs")],
    ),
    "getattr with a known name": (
        """
        from confluent_kafka import Producer
        class Settings:
            ORDERS = "orders"
        Producer({}).produce(getattr(Settings, "ORDERS"), b"1")
        """,
        [(4, "produce", "orders")],
    ),
    "a thread that runs the consumer": (
        """
        from threading import Thread
        from kafka import KafkaConsumer
        def consume(topic, group):
            for message in KafkaConsumer(topic, group_id=group):
                print(message)
        Thread(target=consume, args=("orders", "billing")).start()
        """,
        [(6, "consume", "orders")],
    ),
    "an instance that is called": (
        """
        from confluent_kafka import Producer
        class Send:
            def __init__(self, topic):
                self.topic = topic
                self.producer = Producer({})
            def __call__(self, body):
                self.producer.produce(self.topic, body)
        send = Send("orders")
        send(b"1")
        """,
        [(8, "produce", "orders")],
    ),
    "a wrapper of a wrapper": (
        """
        from confluent_kafka import Producer
        producer = Producer({})
        def produce(topic, body):
            producer.produce(topic, body)
        def publish(name, body):
            produce("shop." + name, body)
        publish("orders", b"1")
        """,
        [(7, "produce", "shop.orders")],
    ),
    "a class method that knows its own class": (
        """
        from confluent_kafka import Producer
        producer = Producer({})
        class Event:
            topic = ""
            @classmethod
            def publish(cls, body):
                producer.produce(cls.topic, body)
        class OrderPlaced(Event):
            topic = "orders"
        OrderPlaced.publish(b"1")
        """,
        [(10, "produce", "orders")],
    ),
    "a library is imported behind others on one line": (
        """
        import json, kafka, os
        kafka.KafkaProducer().send("orders", json.dumps({}))
        """,
        [(2, "produce", "orders")],
    ),
    "a decorator without parentheses stands on its own line": (
        """
        from faststream.kafka import KafkaBroker
        broker = KafkaBroker("kafka:9092")
        billed = broker.publisher("billed")

        @billed
        @broker.subscriber("orders")
        async def bill(order):
            return order
        """,
        [(5, "produce", "billed"), (6, "consume", "orders")],
    ),
    "an ARN and a queue URL are the names at their ends": (
        """
        import boto3
        boto3.client("sns").publish(TopicArn="arn:aws:sns:eu-west-1:1:orders.fifo", Message="x")
        boto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/orders.fifo")
        """,
        [(2, "produce", "orders.fifo"), (3, "consume", "orders.fifo")],
    ),
    "the region and account of an ARN or URL are no part of the name": (
        """
        import os, boto3
        def tell(name):
            arn = "arn:aws:sns:{}:{}:{}".format(os.environ["REGION"], os.environ["ACCOUNT"], name)
            boto3.client("sns").publish(TopicArn=arn, Message="x")
        url = f"https://sqs.{os.environ['REGION']}.amazonaws.com/{os.environ['ACCOUNT']}/{os.environ['QUEUE']}"
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="x")
        """,
        [(4, "produce", "?"), (6, "produce", "$QUEUE")],
    ),
    "a name with a hole is a pattern": (
        """
        import os, boto3
        url = "https://sqs.eu-west-1.amazonaws.com/1/jobs-" + os.environ["STAGE"]
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="x")
        """,
        [(3, "produce", "jobs-*$STAGE")],
    ),
    "a method that a thread or an executor calls": (
        """
        import asyncio, boto3, functools
        from concurrent.futures import ThreadPoolExecutor
        from confluent_kafka import Producer
        from threading import Thread
        sqs, producer = boto3.client("sqs"), Producer({})
        async def run(loop, pool: ThreadPoolExecutor):
            await asyncio.to_thread(sqs.send_message, QueueUrl="a", MessageBody="x")
            await loop.run_in_executor(None, functools.partial(sqs.send_message, QueueUrl="b", MessageBody="x"))
            pool.submit(producer.produce, "c", b"x")
            Thread(target=producer.produce, args=("d",), kwargs={"value": b"x"}).start()
        """,
        [(7, "produce", "a"), (8, "produce", "b"), (9, "produce", "c"), (10, "produce", "d")],
    ),
    "a method that is handed to what tries again": (
        """
        import boto3
        from elsewhere import tried
        class Sink:
            retry = staticmethod(tried(("Throttled",)))
            def __init__(self, session):
                self.client = session.client("kinesis")
            def flush(self, records):
                self.retry(self.client.put_records, StreamName="events", Records=records)
        Sink(boto3.Session()).flush([])
        """,
        [(8, "produce", "events")],
    ),
    "a method with some of its arguments": (
        """
        import boto3
        from functools import partial
        sqs = boto3.client("sqs")
        send = partial(sqs.send_message, QueueUrl="jobs")
        send(MessageBody="x")
        """,
        [(4, "produce", "jobs")],
    ),
    "a method that is only passed around": (
        """
        import boto3
        sqs = boto3.client("sqs")
        print(sqs.send_message)
        """,
        [],
    ),
    "a method of a base class, called by the one that replaces it, on an object made with keywords": (
        """
        from confluent_kafka import Consumer
        class Reader:
            def __init__(self, topic=None, log=None):
                self.topic = topic
            def setup(self):
                Consumer({}).subscribe([self.topic])
        class Alerts(Reader):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
            def setup(self):
                super().setup()
        Alerts(topic="alerts").setup()
        """,
        [(12, "consume", "alerts")],
    ),
    "a name that depends on what a constructor gets": (
        """
        import boto3
        sqs = boto3.client("sqs")
        class Outbox:
            def __init__(self, kind, urgent=False, name=None):
                if urgent:
                    speed = "fast"
                else:
                    speed = "slow"
                if kind == "mail":
                    self.queue = f"{speed}-mails"
                elif kind == "bill":
                    self.queue = f"{speed}-bills"
                if name is not None:
                    self.queue = name
            def send(self):
                sqs.send_message(QueueUrl=self.queue, MessageBody="x")
        Outbox("mail", urgent=True).send()
        Outbox("bill").send()
        Outbox("bill", name="own").send()
        """,
        [(17, "produce", "fast-mails"), (18, "produce", "slow-bills"), (19, "produce", "own slow-bills")],
    ),
    "a part that a text does not have": (
        """
        import boto3
        def resource(arn="stdout"):
            return arn.split(":", 5)[5]
        boto3.client("sqs").send_message(QueueUrl=resource(), MessageBody="x")
        """,
        [(4, "produce", "?")],
    ),
    "a name from a database stays unknown": (
        """
        from confluent_kafka import Producer
        def relay(session):
            for row in session.query("outbox"):
                Producer({}).produce(row.topic, row.body)
        """,
        [(4, "produce", "?")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_idiom(name: str) -> None:
    code, expected = CASES[name]
    assert found(analyse_sources({"app.py": dedent(code).lstrip()})) == expected

"""Names that come from other files: modules, containers, configuration files, frameworks' settings."""

from __future__ import annotations

from textwrap import dedent

import pytest

from brokerlint.pipeline import analyse_sources

CASES: dict[str, tuple[dict[str, str], list[tuple[str, int, str, str]]]] = {
    "two services each have a module of one name": (
        {
            "billing/config.py": 'TOPIC = "bills"\n',
            "billing/app.py": """
                from confluent_kafka import Producer
                import config
                Producer({}).produce(config.TOPIC, b"1")
                """,
            "mail/config.py": 'TOPIC = "mails"\n',
            "mail/app.py": """
                from confluent_kafka import Producer
                from config import TOPIC
                Producer({}).produce(TOPIC, b"1")
                """,
        },
        [("billing/app.py", 3, "produce", "bills"), ("mail/app.py", 3, "produce", "mails")],
    ),
    "a re-exported wrapper of a shared library": (
        {
            "libs/bus/__init__.py": "from .kafka import publish\n",
            "libs/bus/kafka.py": """
                from confluent_kafka import Producer
                producer = Producer({})
                def publish(topic, body):
                    producer.produce(topic, body)
                """,
            "shop/app.py": """
                from bus import publish
                def buy():
                    publish("orders", b"1")
                """,
        },
        [("shop/app.py", 3, "produce", "orders")],
    ),
    "an object that another module puts into a container": (
        {
            "queues.py": """
                import boto3
                class Jobs:
                    def __init__(self, name):
                        self.client = boto3.client("sqs")
                        self.url = self.client.get_queue_url(QueueName=name)["QueueUrl"]
                    def push_job(self, body):
                        self.client.send_message(QueueUrl=self.url, MessageBody=body)
                """,
            "setup_app.py": """
                from queues import Jobs
                def configure(registry):
                    registry["jobs-queue"] = Jobs("render-jobs")
                """,
            "views.py": """
                def render(request):
                    request.registry["jobs-queue"].push_job("x")
                """,
        },
        [("views.py", 2, "produce", "render-jobs")],
    ),
    "a method that only one class has, on an object nobody can tell": (
        {
            "task.py": """
                class EnqueueTask:
                    def enqueue_batch(self, queue):
                        queue.send_messages(Entries=[])
                """,
            "worker.py": """
                import boto3
                def work(tasks):
                    queue = boto3.resource("sqs").get_queue_by_name(QueueName="renders")
                    while True:
                        tasks.get().enqueue_batch(queue)
                """,
        },
        [("worker.py", 5, "produce", "renders")],
    ),
    "a YAML file that the code reads": (
        {
            "config.yml": "kafka:\n  topic: orders\n",
            "app.py": """
                import yaml
                from confluent_kafka import Producer
                config = yaml.safe_load(open("config.yml"))
                Producer({}).produce(config["kafka"]["topic"], b"1")
                """,
        },
        [("app.py", 4, "produce", "orders")],
    ),
    "a class that an oslo.config file names": (
        {
            "etc/api.conf": "[messaging]\ndriver = shop.publisher:KafkaPublisher\n",
            "shop/__init__.py": "",
            "shop/options.py": """
                from oslo_config import cfg
                messaging = [cfg.StrOpt("driver", help="what sends"), cfg.StrOpt("topic", default="orders")]
                cfg.CONF.register_opts(messaging, group="messaging")
                """,
            "shop/publisher.py": """
                from confluent_kafka import Producer
                class KafkaPublisher:
                    def __init__(self, topic):
                        self.topic = topic
                        self.producer = Producer({})
                    def send_message(self, body):
                        self.producer.produce(self.topic, body)
                """,
            "shop/api.py": """
                import simport
                from oslo_config import cfg
                class Api:
                    def __init__(self):
                        self.queue = simport.load(cfg.CONF.messaging.driver)(cfg.CONF.messaging.topic)
                    def post(self, body):
                        self.queue.send_message(body)
                """,
        },
        [("shop/api.py", 7, "produce", "orders")],
    ),
    "Django settings, read through the framework": (
        {
            "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
            "shop/__init__.py": "",
            "shop/settings.py": 'import os\nKAFKA = {"topic": os.getenv("ORDERS_TOPIC", "orders")}\n',
            "shop/events.py": """
                from confluent_kafka import Producer
                from django.conf import settings
                def announce():
                    Producer({}).produce(settings.KAFKA["topic"], b"1")
                """,
        },
        [("shop/events.py", 4, "produce", "orders$ORDERS_TOPIC")],
    ),
    "Flask's configuration": (
        {
            "config.py": 'class Production:\n    pass\n\n\nclass Config:\n    JOBS_QUEUE = "jobs"\n',
            "app.py": """
                import boto3
                from flask import current_app
                def push():
                    sqs = boto3.client("sqs")
                    url = sqs.get_queue_url(QueueName=current_app.config["JOBS_QUEUE"])["QueueUrl"]
                    sqs.send_message(QueueUrl=url, MessageBody="x")
                """,
        },
        [("app.py", 6, "produce", "jobs")],
    ),
    "a callable that a base class is given": (
        {
            "sender.py": """
                from confluent_kafka import Producer
                producer = Producer({})
                def send(topic, body):
                    producer.produce(topic, body)
                """,
            "handlers.py": """
                class Handler:
                    def handle(self, message, *, send):
                        send("tracker", message)
                """,
            "main.py": """
                import sender
                from handlers import Handler
                Handler().handle(b"1", send=sender.send)
                """,
        },
        [("handlers.py", 3, "produce", "tracker")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_names_across_files(name: str) -> None:
    files, expected = CASES[name]
    facts = analyse_sources({path: dedent(text).lstrip() for path, text in files.items()})
    found = []
    for endpoint in facts.endpoints:
        names = [c.name for c in endpoint.channels]
        shown = " ".join(sorted((n.text or "?") + (f"${n.env}" if n.env else "") for n in names))
        found.append((endpoint.place.path, endpoint.place.line, endpoint.role, shown))
    assert sorted(found) == expected


def test_in_a_large_program_an_object_is_met_only_in_files_that_load_its_library() -> None:
    """A thousand plugins call a method of that name, too, and none of them is loaded together with the library."""
    files = {
        "shop/events.py": """
            from kafka import KafkaProducer

            class Events:
                def __init__(self):
                    self._producer = KafkaProducer()

                def announce(self, topic, body):
                    self._producer.send(topic, body)
            """,
        "shop/main.py": """
            from shop.events import Events
            from shop.orders import place

            place(Events())
            """,
        "shop/orders.py": """
            def place(events):
                events.announce("orders", b"1")
            """,
    }
    plugin = """
        def setup(host):
            host.listeners.announce("plugins", b"1")
        """
    files |= {f"plugins/plugin_{number}.py": plugin for number in range(1000)}

    facts = analyse_sources({path: dedent(text) for path, text in files.items()})

    found = [(one.place.path, one.place.line, one.channels[0].name.text) for one in facts.endpoints]
    assert found == [("shop/orders.py", 3, "orders")]
    assert facts.stats["parsed"] == 3

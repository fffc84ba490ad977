"""Layouts and deployments of whole repositories: where a shared module is found, what a command line decides."""

from __future__ import annotations

from brokerlint.facts import Facts
from brokerlint.pipeline import analyse_sources


def seen(facts: Facts) -> list[tuple[str, int, str, list[str | None], list[str | None], list[str]]]:
    """(path, line, role, channels, groups, services) of each endpoint."""
    return sorted(
        (
            e.place.path,
            e.place.line,
            e.role,
            sorted(c.name.text or f"${c.name.env}" for c in e.channels),
            sorted(g.text or f"${g.env}" for g in e.groups),
            sorted(e.services),
        )
        for e in facts.endpoints
    )


BUS = """\
from confluent_kafka import Producer

class Bus:
    def __init__(self, servers):
        self.producer = Producer({"bootstrap.servers": servers})

    def emit(self, topic, body):
        self.producer.produce(topic, body)
"""


def test_a_package_put_on_sys_path_holds_top_level_modules() -> None:
    files = {
        "libs/common/__init__.py": "",
        "libs/common/bus.py": BUS,
        "billing/main.py": (
            "import os\nimport sys\n"
            "sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'libs', 'common'))\n"
            "from bus import Bus\n\nBus('k:9092').emit('invoices', b'1')\n"
        ),
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("billing/main.py", 6, ["invoices"])
    ]


def test_a_package_on_pythonpath_of_an_image_holds_top_level_modules() -> None:
    files = {
        "libs/common/__init__.py": "",
        "libs/common/bus.py": BUS,
        "billing/Dockerfile": (
            "FROM python:3\nWORKDIR /app\nCOPY libs/common /app/common\nCOPY billing /app\n"
            'ENV PYTHONPATH=/app/common:/app\nCMD ["python", "main.py"]\n'
        ),
        "billing/main.py": "from bus import Bus\n\nBus('k:9092').emit('invoices', b'1')\n",
        "docker-compose.yml": (
            "services:\n  billing:\n    build:\n      context: .\n      dockerfile: billing/Dockerfile\n"
        ),
    }
    assert [(p, line, channels, services) for p, line, _, channels, _, services in seen(analyse_sources(files))] == [
        ("billing/main.py", 3, ["invoices"], ["billing"])
    ]


def test_a_module_of_a_package_elsewhere_is_no_top_level_module() -> None:
    files = {
        "libs/common/__init__.py": "",
        "libs/common/bus.py": BUS,
        "billing/main.py": "from bus import Bus\n\nBus('k:9092').dispatch_all('invoices', b'1')\n",
    }
    assert not [p for p, *_ in seen(analyse_sources(files)) if p == "billing/main.py"]


COMPOSE = """\
services:
  orders:
    build: .
    command: python app.py
    environment:
      PREFIX: prod
"""


def test_a_variable_inside_a_name_is_filled_in_from_the_manifest() -> None:
    files = {
        "docker-compose.yml": COMPOSE,
        "app.py": (
            "import os\nfrom confluent_kafka import Consumer\n"
            "prefix, kind = os.getenv('PREFIX', 'dev'), os.getenv('KIND', 'eu')\n"
            "c = Consumer({'group.id': os.getenv('GROUP', f'{prefix}-readers')})\n"
            "c.subscribe([f'{prefix}.orders', f'{prefix}.{kind}.refunds', f'{kind.upper()}.audit'])\n"
        ),
    }
    (endpoint,) = seen(analyse_sources(files))
    assert endpoint[3:] == (["EU.audit", "prod.eu.refunds", "prod.orders"], ["prod-readers"], ["orders"])


def test_the_whole_name_set_by_a_manifest_wins_over_a_default_made_of_variables() -> None:
    files = {
        "docker-compose.yml": COMPOSE + "      GROUP: billing\n",
        "app.py": (
            "import os\nfrom confluent_kafka import Consumer\n"
            "c = Consumer({'group.id': os.getenv('GROUP', os.environ['PREFIX'] + '-readers')})\n"
            "c.subscribe(['orders'])\n"
        ),
    }
    (endpoint,) = seen(analyse_sources(files))
    assert endpoint[4] == ["billing"]


def test_an_option_of_the_command_decides_per_service() -> None:
    program = (
        "import click\nfrom confluent_kafka import Consumer\n\n"
        "@click.command()\n@click.option('--topic')\n@click.option('--group-id', '-g', default='workers')\n"
        "def run(topic, group_id):\n    c = Consumer({'group.id': group_id})\n    c.subscribe([topic])\n"
        "run()\n"
    )
    compose = (
        "services:\n"
        "  mail:\n    build: .\n    command: python worker.py --topic mails -g mailers\n"
        "  audit:\n    build: .\n    command: ['python', 'worker.py', '--topic=$AUDIT_TOPIC']\n"
        "    environment:\n      AUDIT_TOPIC: audits\n"
    )
    (endpoint,) = analyse_sources({"worker.py": program, "docker-compose.yml": compose}).endpoints
    assert {(c.name.text, c.name.service, c.name.env) for c in endpoint.channels} == {
        ("mails", "mail", None),
        ("audits", "audit", None),
    }
    assert {(g.text, g.service) for g in endpoint.groups} == {("mailers", "mail"), ("workers", None)}


def test_an_option_that_no_command_gives_stays_open() -> None:
    program = (
        "import argparse\nfrom kafka import KafkaConsumer\n"
        "parser = argparse.ArgumentParser()\nparser.add_argument('--topic')\nargs = parser.parse_args()\n"
        "KafkaConsumer(args.topic, group_id='g')\n"
    )
    facts = analyse_sources({"worker.py": program})
    (endpoint,) = facts.endpoints
    assert [(c.name.kind, c.name.env) for c in endpoint.channels] == [("unknown", None)]
    assert [one.why for one in facts.unresolved] == ["command line option --topic"]


def test_a_handler_called_by_a_mediator_is_decided_where_it_is_made() -> None:
    files = {
        "shop/broker.py": (
            "from dataclasses import dataclass\nfrom aiokafka import AIOKafkaProducer\n\n"
            "@dataclass\nclass Broker:\n    producer: AIOKafkaProducer\n\n"
            "    async def send_message(self, topic, body):\n"
            "        await self.producer.send_and_wait(topic, body)\n"
        ),
        "shop/handlers.py": (
            "from abc import ABC, abstractmethod\nfrom dataclasses import dataclass\nfrom shop.broker import Broker\n\n"
            "@dataclass\nclass Handler(ABC):\n    broker: Broker\n    topic: str | None = None\n\n"
            "    @abstractmethod\n    async def handle(self, event): ...\n\n"
            "@dataclass\nclass Opened(Handler):\n    async def handle(self, event):\n"
            "        await self.broker.send_message(self.topic, event)\n\n"
            "@dataclass\nclass Closed(Handler):\n    async def handle(self, event):\n"
            "        await self.broker.send_message(self.topic, event)\n"
        ),
        "shop/mediator.py": (
            "from collections import defaultdict\nfrom collections.abc import Iterable\n"
            "from dataclasses import dataclass, field\nfrom shop.handlers import Handler\n\n"
            "@dataclass\nclass Mediator:\n"
            "    known: dict[type, Handler] = field(default_factory=lambda: defaultdict(list))\n\n"
            "    def register(self, event, handlers):\n        self.known[event].extend(handlers)\n\n"
            "    async def publish(self, event):\n        handlers: Iterable[Handler] = self.known[event.__class__]\n"
            "        for handler in handlers:\n            await handler.handle(event)\n"
        ),
        "main.py": (
            "from shop.handlers import Closed, Opened\nfrom shop.mediator import Mediator\n\n"
            "from punq import Container\n\ncontainer = Container()\n\ndef wire():\n    mediator = Mediator()\n"
            "    mediator.register(int, [Opened(container.resolve('broker'), topic='opened')])\n"
            "    mediator.register(str, [Closed(container.resolve('broker'), topic='closed')])\n"
            "    return mediator\n"
        ),
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("main.py", 10, ["opened"]),
        ("main.py", 11, ["closed"]),
    ]


def test_a_request_parameter_typed_as_an_enumeration_may_be_any_member() -> None:
    files = {
        "app.py": (
            "from enum import Enum\nfrom aiokafka import AIOKafkaProducer\nfrom fastapi import APIRouter\n\n"
            "class Topic(str, Enum):\n    MADE = 'made'\n    SOLD = 'sold'\n\n"
            "router, producer = APIRouter(), AIOKafkaProducer()\n\n"
            "@router.post('/{topic}')\nasync def send(topic: Topic, body: dict):\n"
            "    await producer.send(topic, value=body)\n\n"
            "async def tell(topic: Topic):\n    await producer.send(topic, value=b'1')\n\n"
            "@router.post('/sales')\nasync def sale():\n    await tell(Topic.SOLD)\n"
        )
    }
    assert [(line, channels) for _, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        (13, ["made", "sold"]),
        (20, ["sold"]),
    ]


def test_a_constant_that_names_a_key_is_no_setting() -> None:
    files = {
        "config.py": "from layers import Layers\nORDERS_TOPIC = 'ORDERS_TOPIC'\nconfig = Layers('settings.yml')\n",
        "app.py": (
            "from kafka import KafkaProducer\nfrom config import ORDERS_TOPIC, config\n"
            "KafkaProducer().send(config.get(ORDERS_TOPIC), b'1')\n"
        ),
    }
    (endpoint,) = analyse_sources(files).endpoints
    assert [c.name.kind for c in endpoint.channels] == ["unknown"]


def injected(*clients: str) -> dict[str, str]:
    """A program that gets its consumer from a container, and the clients that it makes."""
    made = "".join(f"def make_{n}():\n    return Reader({client})\n\n" for n, client in enumerate(clients))
    return {
        "reader.py": (
            "from dataclasses import dataclass\nfrom aiokafka import AIOKafkaConsumer\n\n"
            "@dataclass\nclass Reader:\n    consumer: AIOKafkaConsumer\n\n"
            "    def listen(self, topic):\n        self.consumer.subscribe([topic])\n"
        ),
        "making.py": f"from aiokafka import AIOKafkaConsumer\nfrom reader import Reader\n\n{made}",
        "main.py": "from reader import Reader\n\ndef start(reader: Reader):\n    reader.listen('orders')\n",
    }


def test_an_injected_consumer_has_the_group_of_the_only_one_made() -> None:
    (endpoint,) = seen(analyse_sources(injected("AIOKafkaConsumer(group_id='billing')")))
    assert endpoint[3:5] == (["orders"], ["billing"])


def test_an_injected_consumer_may_be_either_of_two() -> None:
    two = injected("AIOKafkaConsumer(group_id='billing')", "AIOKafkaConsumer(group_id='audit')")
    (endpoint,) = seen(analyse_sources(two))
    assert endpoint[3:5] == (["orders"], [])


READ = "from kafka import KafkaConsumer\nfor m in KafkaConsumer('{}', group_id='g'):\n    print(m)\n"
GUARDED = "if __name__ == '__main__':\n    pass\n"


def services_of(files: dict[str, str]) -> dict[str, list[str]]:
    return {path: services for path, _, _, _, _, services in seen(analyse_sources(files))}


def test_a_configuration_of_the_server_is_not_what_it_serves() -> None:
    files = {
        "docker-compose.yml": (
            "services:\n  web:\n    build: .\n    command: gunicorn -c gunicorn.conf.py -b :8000 run\n"
            "  worker:\n    build: .\n    command: python worker.py\n"
        ),
        "Dockerfile": "FROM python\nCOPY . .\n",
        "gunicorn.conf.py": "workers = 2\n",
        "run.py": "import orders\n",
        "orders.py": READ.format("orders"),
        "worker.py": READ.format("jobs"),
    }
    assert services_of(files) == {"orders.py": ["web"], "worker.py": ["worker"]}


def test_operations_of_an_openapi_document_belong_to_the_application_that_loads_it() -> None:
    files = {
        "docker-compose.yml": (
            "services:\n  web:\n    build: .\n    command: gunicorn run:app\n"
            "  worker:\n    build: .\n    command: python worker.py\n"
        ),
        "Dockerfile": "FROM python\nCOPY . .\n",
        "run.py": "import connexion\napp = connexion.FlaskApp('shop')\napp.add_api('openapi.yaml')\n",
        "openapi.yaml": "paths:\n  /orders:\n    post:\n      operationId: api.orders.create\n",
        "api/__init__.py": "",
        "api/orders.py": (
            "from kafka import KafkaProducer\np = KafkaProducer()\ndef create():\n    p.send('orders', b'')\n"
        ),
        "worker.py": "from run import app\n" + READ.format("jobs"),
    }
    assert services_of(files) == {"api/orders.py": ["web"], "worker.py": ["worker"]}


def test_a_program_that_no_container_starts_is_a_service_of_its_own() -> None:
    files = {
        "docker-compose.yml": "services:\n  feed:\n    build: .\n    command: python jobs/feed.py\n",
        "Dockerfile": "FROM python\nCOPY . .\n",
        "jobs/feed.py": READ.format("feed") + GUARDED,
        "jobs/totals.py": READ.format("feed") + GUARDED,
        "jobs/spark-totals.py": READ.format("feed"),
    }
    assert services_of(files) == {
        "jobs/feed.py": ["feed"],
        "jobs/totals.py": ["totals"],
        "jobs/spark-totals.py": ["spark-totals"],
    }


def test_programs_one_after_the_other_all_belong_to_the_container() -> None:
    files = {
        "deploy.yaml": (
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: rebuild\nspec:\n  template:\n    spec:\n"
            "      containers:\n      - name: rebuild\n        image: shop\n"
            "        args: ['./jobs/first.py', '&&', './jobs/second.py']\n"
        ),
        "Dockerfile": "FROM python\nCOPY . .\nENTRYPOINT ['./run.sh']\n".replace("'", '"'),
        "run.sh": 'exec /bin/sh -c "$*"\n',
        "jobs/first.py": READ.format("orders") + GUARDED,
        "jobs/second.py": READ.format("orders") + GUARDED,
    }
    assert services_of(files) == {"jobs/first.py": ["rebuild"], "jobs/second.py": ["rebuild"]}


DISPATCHER = """\
from confluent_kafka import Consumer

class Dispatcher:
    def __init__(self):
        self.handlers = {}
        self.consumer = Consumer({"group.id": "g"})

    def register(self, topic, handler):
        if topic in self.handlers:
            return
        self.handlers[topic] = handler

    def run(self):
        self.consumer.subscribe(list(self.handlers.keys()))
"""


def test_topics_registered_with_a_dispatcher_are_those_of_that_dispatcher() -> None:
    files = {
        "bus.py": DISPATCHER,
        "billing.py": (
            "from bus import Dispatcher\n\ndef main():\n    dispatcher = Dispatcher()\n"
            "    dispatcher.register('orders', print)\n    dispatcher.register('refunds', print)\n"
            "    dispatcher.run()\n"
        ),
        "mailing.py": (
            "from bus import Dispatcher\n\ndef main():\n    dispatcher = Dispatcher()\n"
            "    dispatcher.register('mails', print)\n    dispatcher.run()\n"
        ),
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("billing.py", 7, ["orders", "refunds"]),
        ("mailing.py", 6, ["mails"]),
    ]


def test_topics_appended_to_a_list_by_a_method() -> None:
    files = {
        "bus.py": DISPATCHER.replace("self.handlers = {}", "self.topics = []")
        .replace("self.handlers[topic] = handler", "self.topics.append(topic)")
        .replace("list(self.handlers.keys())", "self.topics")
        .replace("if topic in self.handlers", "if topic in self.topics"),
        "main.py": "from bus import Dispatcher\n\nd = Dispatcher()\nd.register('orders', print)\nd.run()\n",
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("main.py", 5, ["orders"])
    ]


def test_a_global_set_by_a_function_holds_what_its_callers_give() -> None:
    files = {
        "status.py": (
            "from confluent_kafka import Producer\n\n_CFG = None\n\ndef init(config):\n    global _CFG\n"
            "    _CFG = config\n\ndef send():\n    Producer({}).produce(_CFG.topic, b'')\n"
        ),
        "app.py": (
            "import os\nimport status\n\nclass Config:\n    def __init__(self):\n"
            "        self.topic = os.environ.get('STATUS_TOPIC', 'status')\n\nstatus.init(Config())\nstatus.send()\n"
        ),
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("status.py", 10, ["status"])
    ]


def test_a_module_is_never_what_it_imports_itself() -> None:
    files = {
        "shop/manage.py": "",
        "shop/bus.py": BUS,
        "shop/orders/__init__.py": "",
        "shop/orders/bus.py": "from bus import Bus\n\ndef sold(body):\n    Bus('k:9092').emit('sold', body)\n",
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("shop/orders/bus.py", 4, ["sold"])
    ]


def test_a_management_command_that_no_manifest_starts_is_a_service_of_its_own() -> None:
    command = "shop/orders/management/commands/consume_orders.py"
    files = {
        "docker-compose.yml": "services:\n  web:\n    build: .\n    command: python shop/manage.py runserver\n",
        "Dockerfile": "FROM python\nCOPY . .\n",
        "shop/manage.py": "import orders.views\n",
        "shop/orders/__init__.py": "",
        "shop/orders/views.py": "from orders.management.commands.consume_orders import parse\n",
        command: "def parse(): ...\n" + READ.format("orders"),
    }
    assert services_of(files) == {command: ["consume_orders"]}


def test_an_object_from_a_dependency_container_is_of_the_class_that_is_asked_for() -> None:
    files = {
        "config.py": (
            "from pydantic import Field\nfrom pydantic_settings import BaseSettings\n\n"
            "class Config(BaseSettings):\n    topic: str = Field(default='chats', alias='CHATS_TOPIC')\n"
        ),
        "app.py": (
            "from kafka import KafkaProducer\nfrom punq import Container\nfrom config import Config\n\n"
            "def main():\n    container = Container()\n    container.register(Config, instance=Config())\n"
            "    config = container.resolve(Config)\n    KafkaProducer().send(config.topic, b'')\n"
        ),
    }
    (endpoint,) = analyse_sources(files).endpoints
    assert [(c.name.text, c.name.env) for c in endpoint.channels] == [("chats", "CHATS_TOPIC")]


def test_settings_of_a_package_beside_the_applications() -> None:
    files = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.local')\n",
        "config/__init__.py": "",
        "config/settings/__init__.py": "",
        "config/settings/base.py": "TOPIC = 'orders'\n",
        "config/settings/local.py": "from .base import *\n",
        "orders/views.py": (
            "from django.conf import settings\nfrom kafka import KafkaProducer\n\n"
            "def create():\n    KafkaProducer().send(settings.TOPIC, b'')\n"
        ),
    }
    assert [(p, line, channels) for p, line, _, channels, _, _ in seen(analyse_sources(files))] == [
        ("orders/views.py", 5, ["orders"])
    ]


def test_a_product_runs_no_more_of_the_tree_than_it_is_given() -> None:
    files = {
        "docker-compose.yml": (
            "services:\n  airflow-worker:\n    image: apache/airflow:2.2.4\n    command: celery worker\n"
            "    volumes:\n      - ./dags:/opt/airflow/dags\n"
            "  notebook:\n    build:\n      dockerfile: ./docker/Dockerfile\n"
        ),
        "docker/Dockerfile": "FROM jupyter/all-spark-notebook\nWORKDIR /srv/work\nCOPY ./spark/app /srv/work/app\n",
        "dags/daily.py": READ.format("daily"),
        "spark/app/totals.py": READ.format("orders"),
    }
    assert services_of(files) == {"dags/daily.py": ["airflow-worker"], "spark/app/totals.py": ["notebook"]}

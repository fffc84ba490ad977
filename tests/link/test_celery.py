"""Celery on SQS and Kafka: which queues tasks are sent to and taken from, where, and by which services."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from brokerlint.facts import Endpoint, Facts
from brokerlint.link.linking import link
from brokerlint.manifests.facts import ManifestFacts, ServiceFact
from brokerlint.models.index import index
from brokerlint.models.load import builtin
from brokerlint.pipeline import analyse_sources
from brokerlint.places import Place
from brokerlint.read import Sources

SQS_APP = """
from celery import Celery

app = Celery("shop", broker="sqs://")
"""


def celery(files: Mapping[str, str]) -> list[Endpoint]:
    """The Celery endpoints of a system, by file and line."""
    facts: Facts = analyse_sources(dict(files))
    found = [endpoint for endpoint in facts.endpoints if endpoint.library == "celery"]
    return sorted(found, key=lambda endpoint: endpoint.place)


def brief(files: Mapping[str, str]) -> list[tuple[str, int, str, list[str]]]:
    """(role, line, operation, channels) of each Celery endpoint of a system."""
    return [(one.role, one.place.line, one.operation, names(one)) for one in celery(files)]


def names(endpoint: Endpoint) -> list[str]:
    return sorted(channel.name.text or f"${channel.name.env}" for channel in endpoint.channels)


def produced(files: Mapping[str, str]) -> list[list[str]]:
    return [names(one) for one in celery(files) if one.role == "produce"]


def consumed(files: Mapping[str, str]) -> list[list[str]]:
    return [names(one) for one in celery(files) if one.role == "consume"]


class TestBroker:
    """Only SQS and Kafka are of interest, and only where something says so."""

    TASK = """

@app.task
def ship(order):
    ...

def checkout(order):
    ship.delay(order)
"""

    def system(self, app: str, **others: str) -> set[str]:
        files = {"shop/tasks.py": app + self.TASK} | {path.replace("__", "."): text for path, text in others.items()}
        return {one.system for one in celery(files)}

    @pytest.mark.parametrize(
        "broker", ["sqs://", "SQS://", "sqs://localhost:9324", "https://sqs.eu-west-1.amazonaws.com"]
    )
    def test_an_sqs_address_is_sqs(self, broker: str) -> None:
        assert self.system(f"from celery import Celery\napp = Celery('x', broker='{broker}')\n") == {"sqs"}

    @pytest.mark.parametrize("broker", ["redis://cache:6379/0", "amqp://guest@rabbit//", "memory://", "filesystem://"])
    def test_other_brokers_give_no_endpoints(self, broker: str) -> None:
        assert self.system(f"from celery import Celery\napp = Celery('x', broker='{broker}')\n") == set()

    def test_the_confluent_transport_is_kafka(self) -> None:
        assert self.system("from celery import Celery\napp = Celery('x', broker='confluentkafka://k:9092')\n") == {
            "kafka"
        }

    def test_a_broker_that_nothing_tells_gives_no_endpoints(self) -> None:
        app = "import os\nfrom celery import Celery\napp = Celery('x', broker=os.environ['BROKER'])\n"
        assert self.system(app) == set()

    def test_the_default_of_a_variable_is_a_broker(self) -> None:
        app = "import os\nfrom celery import Celery\napp = Celery('x', broker=os.getenv('BROKER', 'sqs://'))\n"
        assert self.system(app) == {"sqs"}

    def test_credentials_may_be_put_into_the_address(self) -> None:
        app = """
import os
from celery import Celery
from urllib.parse import quote
KEY, SECRET = os.environ["KEY"], os.environ["SECRET"]
app = Celery("x", broker=f"sqs://{quote(KEY)}:{quote(SECRET)}@")
"""
        assert self.system(app) == {"sqs"}

    def test_predefined_queues_are_evidence_for_sqs(self) -> None:
        app = """
import os
from celery import Celery
app = Celery("x", broker=os.environ["BROKER"], broker_transport_options={"predefined_queues": {"celery": {"url": "u"}}})
"""
        assert self.system(app) == {"sqs"}

    def test_the_extra_of_a_requirement_decides_an_unknown_broker(self) -> None:
        app = "import os\nfrom celery import Celery\napp = Celery('x', broker=os.environ['BROKER'])\n"
        assert self.system(app, requirements__txt="celery[sqs]==5.4\n") == {"sqs"}
        assert self.system(app, requirements__txt="celery[redis]==5.4\n") == set()

    def test_a_known_broker_is_not_overruled_by_requirements(self) -> None:
        app = "from celery import Celery\napp = Celery('x', broker='redis://r')\n"
        assert self.system(app, requirements__txt="celery[sqs]==5.4\n") == set()


class TestConfiguration:
    """Settings reach an application in many ways."""

    TASK = "from shop.app import app\n\n@app.task\ndef ship(order):\n    ...\n\ndef checkout():\n    ship.delay(1)\n"

    def queue(self, app: str, **others: str) -> list[list[str]]:
        files = {"shop/__init__.py": "", "shop/app.py": app, "shop/tasks.py": self.TASK}
        return produced(files | {f"shop/{name}.py": text for name, text in others.items()})

    def test_the_default_queue_is_celery(self) -> None:
        [[queue]] = self.queue("from celery import Celery\napp = Celery('shop', broker='sqs://')\n")
        assert queue == "celery"

    @pytest.mark.parametrize(
        "written",
        [
            "app = Celery('shop', broker='sqs://', task_default_queue='parcels')",
            "app = Celery('shop')\napp.conf.broker_url = 'sqs://'\napp.conf.task_default_queue = 'parcels'",
            "app = Celery('shop')\napp.conf['broker_url'] = 'sqs://'\napp.conf['task_default_queue'] = 'parcels'",
            "app = Celery('shop')\napp.conf.update(broker_url='sqs://', task_default_queue='parcels')",
            "app = Celery('shop')\napp.conf.update({'BROKER_URL': 'sqs://', 'CELERY_DEFAULT_QUEUE': 'parcels'})",
            "app = Celery('shop')\napp.config_from_object('shop.celeryconfig')",
            "from shop import celeryconfig\napp = Celery('shop')\napp.config_from_object(celeryconfig)",
            "from shop.celeryconfig import Settings\napp = Celery('shop')\napp.config_from_object(Settings)",
            "from shop.celeryconfig import factory\napp = factory('parcels')",
        ],
    )
    def test_settings_are_found_where_they_are_written(self, written: str) -> None:
        config = """
from celery import Celery

broker_url = "sqs://"
task_default_queue = "parcels"

class Base:
    broker_url = "sqs://"

class Settings(Base):
    task_default_queue = "parcels"

def factory(queue):
    made = Celery("shop", broker="sqs://")
    made.conf.update(task_default_queue=queue)
    return made
"""
        # A factory's parameter is known only to its caller; there the setting in the module stands in.
        assert self.queue(f"from celery import Celery\n{written}\n", celeryconfig=config) == [["parcels"]]

    def test_django_settings_with_a_namespace(self) -> None:
        app = "from celery import Celery\napp = Celery('shop')\n"
        app += "app.config_from_object('django.conf:settings', namespace='QUEUES')\n"
        settings = "QUEUES_BROKER_URL = 'sqs://'\nQUEUES_TASK_DEFAULT_QUEUE = 'parcels'\n# celery\n"
        assert self.queue(app, settings=settings) == [["parcels"]]

    def test_a_dictionary_in_a_configuration_class_for_an_extension(self) -> None:
        app = "from queue_tools import SpecialCelery\napp = SpecialCelery()\n"
        config = "class Config:\n    CELERY = {'broker_url': 'sqs://', 'task_default_queue': 'parcels'}\n"
        assert self.queue(app, config=config) == [["parcels"]]

    def test_an_application_class_of_the_program(self) -> None:
        app = """
from celery import Celery

class ShopCelery(Celery):
    def task(self, *args, **kwargs):
        return super().task(*args, **kwargs)

app = ShopCelery(broker="sqs://", task_default_queue="parcels")
"""
        assert self.queue(app) == [["parcels"]]

    def test_the_settings_of_the_nearest_project_count(self) -> None:
        app = "from celery import Celery\napp = Celery('a')\n"
        task = "from {0}.app import app\n\n@app.task\ndef run():\n    ...\n"
        files = {
            f"{name}/{file}.py": text
            for name in ("one", "two")
            for file, text in (("__init__", ""), ("app", app), ("tasks", task.format(name)))
        }
        files["one/settings.py"] = "CELERY_BROKER_URL = 'sqs://'\n"
        files["two/settings.py"] = "CELERY_BROKER_URL = 'redis://r'\n"
        assert {one.place.path for one in celery(files)} == {"one/tasks.py"}


class TestQueues:
    """The queue of the call, of the task, of a route, of the settings: in this order."""

    def test_the_call_wins_over_the_task(self) -> None:
        code = (
            SQS_APP
            + "\n@app.task(queue='slow')\ndef ship():\n    ...\n\nship.apply_async(queue='fast')\nship.delay()\n"
        )
        assert produced({"shop.py": code}) == [["fast"], ["slow"]]

    @pytest.mark.parametrize(
        "routes",
        [
            "{'shop.ship': {'queue': 'parcels'}}",
            "{'shop.*': {'queue': 'parcels'}}",
            "{'shop.*': 'parcels'}",
            "[('other.*', {'queue': 'x'}), ('shop.*', {'queue': 'parcels'})]",
            "([('shop.*', {'queue': 'parcels'})],)",
            "(route,)",
        ],
    )
    def test_routes(self, routes: str) -> None:
        code = f"""
from celery import Celery

def route(name, args, kwargs, options, task=None, **kw):
    return {{"queue": "parcels"}}

app = Celery("shop", broker="sqs://", task_routes={routes})

@app.task
def ship():
    ...

ship.delay()
"""
        assert produced({"shop.py": code}) == [["parcels"]]

    def test_a_queue_of_which_only_the_variable_is_known(self) -> None:
        code = (
            "import os\n" + SQS_APP + "\n@app.task\ndef ship():\n    ...\n\nship.apply_async(queue=os.environ['Q'])\n"
        )
        assert produced({"shop.py": code}) == [["$Q"]]

    def test_a_predefined_queue_goes_by_the_name_in_its_address(self) -> None:
        code = """
from celery import Celery

QUEUES = {"parcels": {"url": "https://sqs.eu-west-1.amazonaws.com/123456789012/shop-parcels"}}
app = Celery("shop", broker="sqs://", task_default_queue="parcels")
app.conf.broker_transport_options = {"predefined_queues": QUEUES}

@app.task
def ship():
    ...

ship.delay()
"""
        assert produced({"shop.py": code}) == [["shop-parcels"]]

    def test_the_only_declared_queue_is_the_default(self) -> None:
        code = """
from celery import Celery
from kombu import Queue

app = Celery("shop", broker="sqs://")
app.conf.task_queues = [Queue("parcels")]

@app.task
def ship():
    ...

ship.delay()
"""
        assert produced({"shop.py": code}) == [["parcels"]]

    def test_points_become_hyphens(self) -> None:
        code = SQS_APP + "\n@app.task\ndef ship():\n    ...\n\nship.apply_async(queue='shop.parcels')\n"
        assert produced({"shop.py": code}) == [["shop-parcels"]]

    PREFIXED = """
import os
from celery import Celery

app = Celery("shop", broker="sqs://", broker_transport_options={"queue_name_prefix": PREFIX})

@app.task(queue="parcels")
def ship():
    ...

ship.delay()
"""

    def test_a_prefix_is_part_of_the_name(self) -> None:
        code = self.PREFIXED.replace("PREFIX", '"shop.prod-"')
        assert [names(one) for one in celery({"shop.py": code})] == [["shop-prod-parcels"]] * 2

    def test_a_prefix_of_which_only_the_variable_is_known_is_put_in_by_the_manifest(self) -> None:
        code = self.PREFIXED.replace("PREFIX", 'os.environ["QUEUE_PREFIX"]')
        compose = "services:\n  shop:\n    build: .\n    command: celery -A shop worker -Q parcels\n"
        assert produced({"shop.py": code, "compose.yml": compose}) == [["parcels"]]
        compose += "    environment: {QUEUE_PREFIX: live-}\n"
        assert produced({"shop.py": code, "compose.yml": compose}) == [["live-parcels"]]

    def test_a_predefined_queue_has_its_prefix_already(self) -> None:
        queues = '{"shop-parcels": {"url": "https://sqs.eu-west-1.amazonaws.com/123456789012/live-shop-parcels"}}'
        code = self.PREFIXED.replace("PREFIX", f'"shop-", "predefined_queues": {queues}')
        assert produced({"shop.py": code}) == [["live-shop-parcels"]]

    def test_whether_missing_queues_are_made_is_told(self) -> None:
        code = self.PREFIXED.replace("PREFIX}", '"shop-"}, task_create_missing_queues=False')
        assert celery({"shop.py": code})[0].config["create_missing_queues"]["value"] is False

    def test_a_prefix_is_told_beside_the_name(self) -> None:
        code = """
import os
from celery import Celery

OPTIONS = {"queue_name_prefix": os.getenv("STAGE", "dev-"), "visibility_timeout": 900}
app = Celery("shop", broker="sqs://", broker_transport_options=OPTIONS)

@app.task
def ship():
    ...
"""
        [endpoint] = celery({"shop.py": code})
        assert names(endpoint) == ["celery"]
        assert endpoint.config["queue_prefix"] == {"value": "dev-", "origin": "env-default", "env": "STAGE"}
        assert endpoint.config["visibility_timeout"]["value"] == 900


class TestSends:
    """Every way in which Celery puts a task into a queue."""

    TASKS = (
        SQS_APP
        + """
@app.task(name="ship-order", queue="parcels")
def ship(order):
    ...

@app.task(queue="mails")
def thank(order):
    ...

"""
    )

    @pytest.mark.parametrize(
        ("call", "queues"),
        [
            ("ship.delay(1)", ["parcels"]),
            ("ship.apply_async((1,), queue='fast')", ["fast"]),
            ("app.send_task('ship-order')", ["parcels"]),
            ("app.send_task('elsewhere.run', queue='theirs')", ["theirs"]),
            ("ship.s(1).delay()", ["parcels"]),
            ("ship.s(1).set(queue='fast').apply_async()", ["fast"]),
            ("ship.signature((1,), queue='fast').delay()", ["fast"]),
            ("chain(ship.s(1), thank.si(2)).apply_async()", ["mails", "parcels"]),
            ("(ship.s(1) | thank.s()).delay()", ["mails", "parcels"]),
            ("group([ship.s(n) for n in range(9)]).apply_async()", ["parcels"]),
            ("chord([ship.s(1)])(thank.s())", ["mails", "parcels"]),
            ("signature('ship-order').delay()", ["parcels"]),
            ("ship.chunks(zip(range(9)), 3).apply_async()", ["parcels"]),
            ("app.add_periodic_task(10.0, thank.s(1))", ["mails"]),
            ("every(ship).delay()", ["parcels"]),
        ],
    )
    def test_calls(self, call: str, queues: list[str]) -> None:
        head = "from celery import chain, chord, group, signature\n"
        helper = "def every(task):\n    return group(task.s(1), task.s(2))\n\n"
        assert produced({"shop.py": head + self.TASKS + helper + call + "\n"}) == [queues]

    def test_a_canvas_that_is_built_before_it_is_sent(self) -> None:
        code = (
            self.TASKS
            + """
from celery import group

def run():
    jobs = []
    for number in range(9):
        jobs.append(ship.s(number))
    group(jobs).apply_async()
"""
        )
        assert produced({"shop.py": code}) == [["parcels"]]

    def test_a_wrapper_is_reported_where_it_is_called(self) -> None:
        code = (
            self.TASKS
            + """
def enqueue(task, order, queue=None):
    task.apply_async((order,), queue=queue)

def checkout(order):
    enqueue(ship, order)
    enqueue(thank, order, queue="late")
"""
        )
        lines = code.splitlines()
        first = lines.index("    enqueue(ship, order)") + 1
        sends = [(line, queues) for role, line, _, queues in brief({"shop.py": code}) if role == "produce"]
        assert sends == [(first, ["parcels"]), (first + 1, ["late"])]

    def test_a_wrapper_that_decides_itself_is_reported_itself(self) -> None:
        code = self.TASKS + "\ndef checkout(order):\n    ship.delay(order)\n\ndef buy():\n    checkout(1)\n"
        [send] = [one for one in celery({"shop.py": code}) if one.role == "produce"]
        assert send.function == "checkout"

    def test_a_retry_names_a_queue_or_goes_back(self) -> None:
        code = (
            SQS_APP
            + """
@app.task(bind=True, queue="parcels")
def ship(self, order):
    try:
        ...
    except OSError as error:
        raise self.retry(exc=error)
    except ValueError:
        again(self)

def again(task):
    task.retry(queue="again")
"""
        )
        assert produced({"shop.py": code}) == [["again", "parcels"], ["again"]]
        assert consumed({"shop.py": code}) == [["again", "parcels"]]

    def test_each_entry_of_a_schedule_sends(self) -> None:
        code = (
            self.TASKS
            + """
from celery.schedules import crontab

app.conf.beat_schedule = {
    "ship-at-night": {
        "task": "ship-order",
        "schedule": crontab(hour=3),
    },
    "thank-hourly": {
        "task": "shop.thank",
        "schedule": 3600.0,
        "options": {"queue": "bulk"},
    },
}
"""
        )
        first = code.splitlines().index('    "ship-at-night": {') + 1
        beats = [one for one in celery({"shop.py": code}) if one.operation == "beat"]
        assert [(one.place.line, one.place.end_line, names(one)) for one in beats] == [
            (first, first + 3, ["parcels"]),
            (first + 4, first + 8, ["bulk"]),
        ]

    def test_what_is_known_of_a_send(self) -> None:
        code = self.TASKS + "\nship.apply_async((1,), countdown=7200, MessageGroupId='orders')\n"
        [send] = [one for one in celery({"shop.py": code}) if one.role == "produce"]
        assert send.facts["countdown"] == 7200
        assert send.facts["task"] == "ship-order"
        assert send.facts["group_id"] == {"kind": "const", "text": "orders"}

    @pytest.mark.parametrize(
        "lines",
        [
            ["return ship.delay(1).get(timeout=10)"],
            ["sent = ship.apply_async((1,))", "return sent.get()"],
            ["sent = app.send_task('ship-order')", "sent.wait()"],
            ["return group(ship.s(1), ship.s(2))().get()"],
            ["return chain(ship.s(1), ship.s()).apply_async().get()"],
            ["sent = group(ship.s(1), ship.s(2)).apply_async()", "return sent.join()"],
            ["sent = ship.delay(1)", "return AsyncResult(sent.id).get()"],
        ],
    )
    def test_a_result_that_is_waited_for(self, lines: list[str]) -> None:
        head = self.TASKS + "from celery import chain, group\nfrom celery.result import AsyncResult\ndef show():\n"
        code = head + "".join(f"    {line}\n" for line in lines)
        [send] = [one for one in celery({"shop.py": code}) if one.role == "produce"]
        assert [place.line for place in send.facts["waits_for_reply"]] == [len(code.splitlines())]

    def test_a_result_that_a_caller_waits_for(self) -> None:
        code = self.TASKS + "\ndef start(order):\n    return ship.delay(order)\n\ndef show():\n    start(1).get()\n"
        [send] = [one for one in celery({"shop.py": code}) if one.role == "produce"]
        assert [place.line for place in send.facts["waits_for_reply"]] == [len(code.splitlines())]

    @pytest.mark.parametrize(
        "lines",
        [
            ["return ship.delay(1).id"],
            ["sent = ship.delay(1)", "return {'state': sent.state}.get('state')"],
            ["settings.get('order')", "ship.delay(1)"],
            ["ship.delay(settings.get('order'))"],
            ["sent = ship.delay(1)", "return AsyncResult(settings.id).get()"],
        ],
    )
    def test_a_result_that_nobody_waits_for(self, lines: list[str]) -> None:
        head = self.TASKS + "\nfrom celery.result import AsyncResult\ndef show(settings):\n"
        code = head + "".join(f"    {line}\n" for line in lines)
        [send] = [one for one in celery({"shop.py": code}) if one.role == "produce"]
        assert send.facts["waits_for_reply"] == []

    def test_a_view_that_sends(self) -> None:
        code = self.TASKS + "\n@web.post('/ship')\ndef start(order):\n    ship.delay(order)\n"
        [send] = [one for one in celery({"shop.py": code}) if one.role == "produce"]
        assert send.facts["entry_kind"] == "http"

    def test_methods_of_the_same_name_on_other_objects_send_nothing(self) -> None:
        code = (
            SQS_APP
            + """
from multiprocessing import Pool
import asyncio

class Timer:
    def delay(self, seconds):
        ...

    def retry(self, times):
        ...

def work(item):
    ...

def run(pool: Pool, steps):
    Timer().delay(3)
    Timer().retry(2)
    pool.apply_async(work, (1,))
    steps.execution.send_task_success(taskToken="t")
"""
        )
        assert celery({"shop.py": code}) == []


class TestTasks:
    """Every way in which a program defines a task."""

    @pytest.mark.parametrize(
        "definition",
        [
            "@app.task\ndef ship(order):\n    ...\n",
            "@app.task()\ndef ship(order):\n    ...\n",
            "@shared_task\ndef ship(order):\n    ...\n",
            "@shared_task(bind=True)\ndef ship(self, order):\n    ...\n",
            "@current_app.task(name='x')\ndef ship(order):\n    ...\n",
            "@logged\n@app.task\ndef ship(order):\n    ...\n",
            "@reliable\ndef ship(order):\n    ...\n",
            "@reliably(queue='celery')\ndef ship(order):\n    ...\n",
            "class Ship(Task):\n    def run(self, order):\n        ...\n",
            "class Ship(app.Task):\n    name = 'ship'\n    def run(self, order):\n        ...\n",
        ],
    )
    def test_definitions(self, definition: str) -> None:
        head = "from celery import Task, current_app, shared_task\n" + SQS_APP
        helpers = """
def logged(function):
    return function

def reliable(function):
    return app.task(acks_late=True)(function)

def reliably(**options):
    return app.task(acks_late=True, **options)

"""
        assert consumed({"shop.py": head + helpers + definition}) == [["celery"]]

    def test_classes_whose_run_stands_in_a_base_that_is_no_task(self) -> None:
        files = {
            "shop/app.py": SQS_APP,
            "shop/base.py": (
                "from celery import Task\n\nclass Base(Task):\n    def run(self, *args):\n        ...\n\n"
                "class ModelBase(Base):\n    name = None\n"
            ),
            "shop/ship.py": "from shop.base import ModelBase\n\nclass Ship(ModelBase):\n    name = 'ship'\n",
            "shop/pack.py": "from shop.base import Base\n\nclass Pack(Base):\n    def handle(self):\n        ...\n",
            "shop/register.py": (
                "from shop.app import app\nfrom shop.pack import Pack\n\npack = app.register_task(Pack())\n"
            ),
        }
        assert [one.place.path for one in celery(files)] == ["shop/pack.py", "shop/ship.py"]

    def test_the_place_reaches_from_the_decorator_to_the_definition(self) -> None:
        code = SQS_APP + "\n@app.task(\n    name='ship',\n)\ndef ship():\n    ...\n"
        [task] = celery({"shop.py": code})
        assert (task.place.line, task.place.end_line) == (6, 9)

    def test_a_task_takes_from_every_queue_that_it_is_sent_to(self) -> None:
        code = (
            SQS_APP
            + "\n@app.task\ndef ship():\n    ...\n\nship.apply_async(queue='fast')\nship.apply_async(queue='slow')\n"
        )
        assert consumed({"shop.py": code}) == [["fast", "slow"]]

    def test_early_and_late_acknowledgement(self) -> None:
        code = (
            SQS_APP
            + "\n@app.task\ndef early():\n    ...\n\n@app.task(acks_late=True, time_limit=60)\ndef late():\n    ...\n"
        )
        early, late = celery({"shop.py": code})
        assert early.facts["acks_late"] is False
        assert [ack["position"] for ack in late.facts["acks"]] == ["after"]
        assert late.config["task_time_limit"]["value"] == 60

    def test_decorators_of_other_libraries_define_no_tasks(self) -> None:
        code = SQS_APP + "\nfrom invoke import task\n\n@task\ndef build(context):\n    ...\n"
        assert celery({"shop.py": code}) == []

    def test_a_folder_called_celery_does_not_shadow_the_library(self) -> None:
        files = {
            "shop/__init__.py": "from shop.celery.app import ShopCelery\n\napp = ShopCelery(broker='sqs://')\n",
            "shop/celery/__init__.py": "",
            "shop/celery/app.py": "from celery import Celery\n\nclass ShopCelery(Celery):\n    ...\n",
            "shop/celery/tasks.py": "from shop import app\n\n@app.task(queue='parcels')\ndef ship():\n    ...\n",
        }
        assert consumed(files) == [["parcels"]]

    def test_on_kafka_the_group_follows_the_queue(self) -> None:
        code = SQS_APP.replace("sqs://", "confluentkafka://k") + "\n@app.task(queue='parcels')\ndef ship():\n    ...\n"
        [task] = celery({"shop.py": code})
        assert [group.text for group in task.groups] == ["parcels-consumer-group"]


class TestWorkers:
    """Tasks run where a worker takes their queue."""

    FILES: Mapping[str, str] = {
        "shop/__init__.py": "",
        "shop/app.py": SQS_APP,
        "shop/tasks.py": """
from shop.app import app

@app.task(queue="parcels")
def ship():
    thank.delay()

@app.task(queue="mails")
def thank():
    ...
""",
        "shop/web.py": "from shop.tasks import ship\n\ndef checkout():\n    ship.delay()\n",
    }
    COMMANDS: Mapping[str, str] = {
        "web": "gunicorn shop.web:app",
        "packer": "celery -A shop.tasks worker -Q parcels",
        "mailer": "celery --app=shop.tasks worker --queues=mails,news",
    }

    def endpoints(self, commands: Mapping[str, str], files: Mapping[str, str] | None = None) -> list[Endpoint]:
        """The Celery endpoints of ``files`` when a manifest starts services by these commands."""
        return [one for one in self.facts(commands, files).endpoints if one.library == "celery"]

    def facts(self, commands: Mapping[str, str], files: Mapping[str, str] | None = None) -> Facts:
        """The facts of ``files`` when a manifest starts services by these commands."""
        texts = {path: text.encode() for path, text in {**self.FILES, **(files or {})}.items()}
        services = [
            ServiceFact(f"Procfile#{name}", name, "procfile", Place("Procfile", line), ("",), tuple(command.split()))
            for line, (name, command) in enumerate(commands.items(), 1)
        ]
        sources = Sources(None, [path for path in texts if path.endswith(".py")], texts, 1)
        models = index(builtin())
        candidates = sources.mentioning_any(models.words)
        return link(sources, models, ManifestFacts(tuple(services)), tuple(texts), candidates)

    def services(
        self, commands: Mapping[str, str], files: Mapping[str, str] | None = None
    ) -> dict[tuple[str, str], object]:
        return {(one.function, one.role): one.services for one in self.endpoints(commands, files)}

    def test_a_task_runs_in_the_worker_of_its_queue(self) -> None:
        found = self.services(self.COMMANDS)
        assert found[("ship", "consume")] == ("packer",)
        assert found[("thank", "consume")] == ("mailer",)

    def test_what_a_task_sends_is_sent_by_its_worker(self) -> None:
        found = self.services(self.COMMANDS)
        assert found[("ship", "produce")] == ("packer",)
        assert found[("checkout", "produce")] == ("web",)

    def test_a_function_beside_the_tasks_runs_where_tasks_call_it(self) -> None:
        tasks = """
from shop.app import app

@app.task(queue="parcels")
def ship():
    later()

def later():
    thank.delay()

@app.task(queue="mails")
def thank():
    ...
"""
        found = self.services(self.COMMANDS, {"shop/tasks.py": tasks})
        assert found[("later", "produce")] == ("packer",)

    def test_a_worker_without_queues_takes_all(self) -> None:
        found = self.services({"worker": "celery -A shop.tasks worker", "beat": "celery -A shop.tasks beat"})
        assert found[("ship", "consume")] == found[("thank", "consume")] == ("worker",)

    def test_a_script_may_start_the_worker(self) -> None:
        script = {"bin/worker.sh": "#!/bin/sh\nset -e\nexec celery -A shop.tasks worker \\\n  -Q parcels,mails\n"}
        found = self.services({"web": "gunicorn shop.web:app", "background": "sh bin/worker.sh"}, script)
        assert found[("ship", "consume")] == ("background",)

    def test_beat_sends_what_the_application_adds_to_its_schedule(self) -> None:
        code = """\
from shop.tasks import app, ship

@app.on_after_configure.connect
def every_night(sender, **kwargs):
    sender.add_periodic_task(86400, ship.s())
"""
        commands = {**self.COMMANDS, "clock": "celery -A shop.nightly beat"}
        [beat] = [one for one in self.endpoints(commands, {"shop/nightly.py": code}) if one.operation == "beat"]
        assert beat.services == ("clock",)

    def test_beat_sends_the_schedule(self) -> None:
        schedule = """
from shop.app import app

app.conf.beat_schedule = {"nightly": {"task": "shop.tasks.ship", "schedule": 86400}}
"""
        commands = {**self.COMMANDS, "clock": "celery -A shop.schedule beat"}
        [beat] = [one for one in self.endpoints(commands, {"shop/schedule.py": schedule}) if one.operation == "beat"]
        assert beat.services == ("clock",)
        assert names(beat) == ["parcels"]

    def test_a_task_that_others_send_is_in_the_queue_of_its_worker(self) -> None:
        lonely = {"shop/tasks.py": "from shop.app import app\n\n@app.task\ndef ship():\n    ...\n", "shop/web.py": ""}
        [task] = self.endpoints({"packer": "celery -A shop.tasks worker -Q parcels"}, lonely)
        assert names(task) == ["parcels"]

    def taken(self, commands: Mapping[str, str], files: Mapping[str, str] | None = None) -> list[tuple[str, str, int]]:
        """What workers take although no task is in it: queue, service and line of the command."""
        facts = self.facts(commands, files)
        return [(one.source, one.target, one.place.line) for one in facts.links if one.kind == "worker"]

    def test_a_worker_takes_queues_that_no_task_is_known_to_be_in(self) -> None:
        assert self.taken(self.COMMANDS) == [("sqs:news", "service:mailer", 3)]

    def test_a_worker_of_another_broker_takes_nothing_of_interest(self) -> None:
        other = {"shop/app.py": SQS_APP.replace("sqs://", "redis://x")}
        assert self.taken(self.COMMANDS, other) == []

    def test_a_queue_that_is_not_known_is_not_taken(self) -> None:
        assert self.taken({"packer": "celery -A shop.tasks worker -Q $QUEUES"}) == []

    def test_a_worker_without_queues_takes_those_that_are_declared(self) -> None:
        settings = '[Queue("parcels"), Queue("mails"), Queue("returns")]'
        app = SQS_APP + f"from kombu import Queue\n\napp.conf.task_queues = {settings}\n"
        assert self.taken({"worker": "celery -A shop.tasks worker"}, {"shop/app.py": app}) == [
            ("sqs:returns", "service:worker", 1)
        ]

    def test_a_worker_is_told_queues_as_celery_calls_them(self) -> None:
        options = SQS_APP + "app.conf.broker_transport_options = {'queue_name_prefix': 'live-'}\n"
        files = {"shop/app.py": options}
        assert self.taken(self.COMMANDS, files) == [("sqs:live-news", "service:mailer", 3)]
        found = self.services(self.COMMANDS, files)
        assert found[("ship", "consume")] == ("packer",)

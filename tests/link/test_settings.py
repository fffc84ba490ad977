"""Settings: where configuration comes from when no assignment in sight says it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Ask = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os\nanswer = os.environ['A']", ["$A"]),
        ("import os\nanswer = os.environ.get('A')", ["$A"]),
        ("import os\nanswer = os.environ.get('A', 'x')", ["x$A"]),
        ("from os import environ, getenv\nanswer = [environ['A'], getenv('B', default='x')]", ["[$A, x$B]"]),
        ("import os\nname = 'A'\nanswer = os.getenv(name + '_B')", ["$A_B"]),
        ("import os\nanswer = os.getenv(name())", ["?an environment variable whose name is not known"]),
        ("import os\nanswer = os.environ.copy()['A']", ["$A"]),
        ("from decouple import config\nanswer = config('A', default='x')", ["x$A"]),
        ("from environs import Env\nenv = Env()\nanswer = env.str('A', 'x')", ["x$A"]),
        ("from environs import Env\nenv = Env()\nanswer = env.list('A', 'x,y')", ["[x$A, y$A]"]),
        ("import environ\nenv = environ.Env(DEBUG=(bool, False))\nanswer = env('A')", ["$A"]),
    ],
)
def test_environment_readers(ask: Ask, source: str, expected: list[str]) -> None:
    assert ask(source) == expected


PYDANTIC = """
from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

class Kafka(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="kafka_")
    topic: str = "orders"
    group: str
    other: str = Field(default="x", validation_alias="OTHER_TOPIC")
    either: str = Field("y", validation_alias=AliasChoices("FIRST", "SECOND"))
    required: str = Field(...)

class Old(BaseSettings):
    topic: str = "orders"
    class Config:
        env_prefix = "old_"

class Base(BaseSettings):
    topic: str = "base"

class Derived(Base):
    pass

class All(BaseSettings):
    kafka: Kafka = Kafka()
    nested: Kafka

settings = Kafka()
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("settings.topic", ["orders$KAFKA_TOPIC"]),
        ("settings.group", ["$KAFKA_GROUP"]),
        ("settings.other", ["x$OTHER_TOPIC"]),
        ("settings.either", ["y$FIRST"]),
        ("settings.required", ["$KAFKA_REQUIRED"]),
        ("Kafka(topic='given').topic", ["given"]),
        ("Old().topic", ["orders$OLD_TOPIC"]),
        ("Derived().topic", ["base$TOPIC"]),
        ("All().kafka.topic", ["orders$KAFKA_TOPIC"]),
        ("All().nested.topic", ["orders$KAFKA_TOPIC"]),
        ("settings.gone", ["?Kafka has no attribute 'gone'"]),
    ],
)
def test_settings_classes_read_the_environment(ask: Ask, expression: str, expected: list[str]) -> None:
    assert ask(f"{PYDANTIC}\nanswer = {expression}") == expected


def test_django_settings_of_the_own_project(ask: Ask) -> None:
    source = "from django.conf import settings\nanswer = settings.ORDERS_TOPIC"
    others = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_one.settings')",
        "site_one/__init__.py": "",
        "site_one/settings.py": "ORDERS_TOPIC = 'orders'",
    }

    assert ask(source, others=others) == ["orders"]


def test_flask_configuration_classes(ask: Ask) -> None:
    source = "from flask import current_app\nanswer = current_app.config['ORDERS_QUEUE']"

    assert ask(source, others={"config.py": "class Config:\n    ORDERS_QUEUE = 'orders'"}) == ["orders"]
    assert ask(source, others={"setup_app.py": "def start(app):\n    app.config['ORDERS_QUEUE'] = 'o'"}) != ["o"]


def test_oslo_options_of_their_group(ask: Ask) -> None:
    source = "from oslo_config import cfg\nanswer = cfg.CONF.kafka.topic"
    others = {
        "conf/kafka.py": "from oslo_config import cfg\nopts = [cfg.StrOpt('topic', default='orders')]",
        "conf/other.py": "from oslo_config import cfg\nopts = [cfg.StrOpt('topic', default='other')]",
    }

    assert ask(source, others=others) == ["orders"]


def test_oslo_options_from_a_configuration_file(ask: Ask) -> None:
    source = "from oslo_config import cfg\nanswer = cfg.CONF.kafka.topic"

    assert ask(source, others={"etc/app.conf": "[kafka]\ntopic = orders\n"}) == ["orders"]


ARGPARSE = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("-t", "--topic", default="orders")
parser.add_argument("--group-id")
args = parser.parse_args()
"""


def test_command_line_options(ask: Ask) -> None:
    assert ask(f"{ARGPARSE}answer = args.topic") == ["orders$option:-t|--topic"]
    assert ask(f"{ARGPARSE}answer = args.group_id") == ["$option:--group-id"]


@pytest.mark.parametrize(
    ("decoration", "expected"),
    [
        ("@click.option('--topic', default='orders')", ["orders$option:--topic"]),
        ("@click.option('--topic', envvar='TOPIC', default='orders')", ["orders$TOPIC"]),
        ("@click.option('--name', 'topic', default='orders')", ["orders$option:--name"]),
        ("@click.argument('topic', envvar='TOPIC')", ["$TOPIC"]),
    ],
)
def test_click_options_fill_parameters(ask: Ask, decoration: str, expected: list[str]) -> None:
    source = f"import click\nanswer = None\n{decoration}\ndef main(topic):\n    global answer\n    answer = topic\n"

    assert [one for one in ask(source) if one != "None"] == expected


def test_typer_options_fill_parameters(ask: Ask) -> None:
    source = """
    import typer
    answer = None
    def main(topic: str = typer.Option("orders", envvar="TOPIC")):
        global answer
        answer = topic
    """

    assert "orders$TOPIC" in ask(source)


def test_injected_parameters(ask: Ask) -> None:
    source = """
    from typing import Annotated
    from fastapi import Depends
    answer = None
    def topic():
        yield "orders"
    def handle(one=Depends(topic), two: Annotated[str, Depends(topic)] = None):
        global answer
        answer = (one, two)
    """

    assert "[orders, orders]" in ask(source)


def test_files_that_code_reads(ask: Ask) -> None:
    source = """
    import json, yaml
    with open("config.yml") as stream:
        one = yaml.safe_load(stream)
    two = json.load(open("settings/bus.json"))
    answer = [one["topics"]["orders"], two["queue"]]
    """
    others = {"config.yml": "topics:\n  orders: orders.v1\n", "settings/bus.json": '{"queue": "jobs"}'}

    assert ask(source, others=others) == ["[orders.v1, jobs]"]


def test_a_configuration_file_that_does_not_parse_tells_nothing(ask: Ask) -> None:
    source = "import yaml\nanswer = yaml.safe_load(open('config.yml'))['topic']"

    for text in ("{", "topic: [", "a: &x [1]\nb: *x\n", ""):
        (answer,) = ask(source, others={"config.yml": text})
        assert answer.startswith("?")

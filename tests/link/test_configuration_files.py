"""Files that a program reads at run time: those that its code or the command that starts it names."""

from __future__ import annotations

from textwrap import dedent

import pytest

from brokerlint.pipeline import analyse_sources

SEND = """
from confluent_kafka import Producer

Producer({"bootstrap.servers": "broker:9092"}).produce(TOPIC, b"x")
"""

ARGUMENTS = """
import argparse, configparser, json, sys
import yaml

parser = argparse.ArgumentParser()
parser.add_argument("--config", "-c", DEFAULT)
args = parser.parse_args()
"""

INI = "[kafka]\ntopic = orders\nbroker = broker:9092\n"
OTHER = INI.replace("orders", "parcels")


def topics(code: str, files: dict[str, str], *commands: str, default: str = "required=True") -> list[str]:
    """The topics that ``code``, which binds ``TOPIC``, sends to when services are started by these commands."""
    services = "".join(
        f"  app{number}:\n    build: .\n    command: {command}\n" for number, command in enumerate(commands)
    )
    text = ARGUMENTS.replace("DEFAULT", default) + dedent(code) + SEND
    manifest = {"compose.yml": f"services:\n{services}"} if commands else {}
    facts = analyse_sources({"app.py": text, **manifest, **files})
    (sent,) = facts.endpoints
    return sorted(channel.name.text or "?" for channel in sent.channels)


READERS = {
    "a YAML file": ('TOPIC = yaml.safe_load(open(args.config))["kafka"]["topic"]', "yml", "kafka: {topic: TOPIC}\n"),
    "a JSON file": (
        'with open(args.config) as file:\n    TOPIC = json.load(file)["kafka"]["topic"]',
        "json",
        '{"kafka": {"topic": "TOPIC"}}',
    ),
    "a section and an option": (
        'config = configparser.ConfigParser()\nconfig.read(args.config)\nTOPIC = config.get("kafka", "topic")',
        "ini",
        "[kafka]\ntopic = TOPIC\n",
    ),
    "a section as a mapping": (
        'config = configparser.ConfigParser()\nconfig.read(args.config)\nTOPIC = config["kafka"]["topic"]',
        "ini",
        "[kafka]\ntopic: TOPIC\n",
    ),
    "a copy of a section": (
        'config = configparser.ConfigParser()\nconfig.read(args.config)\nTOPIC = dict(config.items("kafka"))["topic"]',
        "cfg",
        "[kafka]\ntopic = TOPIC\n",
    ),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_command_names_the_file(reader: str) -> None:
    code, ending, text = READERS[reader]
    files = {f"conf/{name}.{ending}": text.replace("TOPIC", name) for name in ("live", "local")}
    assert topics(code, files, f"python app.py --config conf/live.{ending}") == ["live"]
    assert topics(code, files, f"python app.py -c /app/conf/local.{ending}") == ["local"]
    both = (f"python app.py --config=conf/{name}.{ending}" for name in ("live", "local"))
    assert topics(code, files, *both) == ["live", "local"]
    assert topics(code, files) == ["?"]


@pytest.mark.parametrize("reader", ["a YAML file", "a section and an option"])
def test_the_option_may_have_a_default(reader: str) -> None:
    code, ending, text = READERS[reader]
    files = {f"conf/live.{ending}": text.replace("TOPIC", "live")}
    assert topics(code, files, default=f'default="conf/live.{ending}"') == ["live"]


def test_a_variable_of_the_manifest_names_the_file() -> None:
    code = 'import os\nTOPIC = yaml.safe_load(open(os.environ["CONFIG_FILE"]))["topic"]'
    command = "python app.py\n    environment: {CONFIG_TARGET: x, CONFIG_FILE_SOURCE: y}"
    assert topics(code, {"live.yml": "topic: live\n"}, command) == ["?"]
    command = "python app.py\n    environment: {SERVICE_CONFIG: conf/live.yml}"
    code = code.replace("CONFIG_FILE", "SERVICE_CONFIG")
    assert topics(code, {"conf/live.yml": "topic: live\n"}, command) == ["live"]


def test_a_parser_that_reads_a_file_by_its_name() -> None:
    code = 'config = configparser.ConfigParser()\nconfig.read("settings.ini")\nTOPIC = config["kafka"]["topic"]'
    assert topics(code, {"settings.ini": INI}) == ["orders"]
    assert topics(code, {"other.ini": INI}) == ["?"]


def test_of_files_of_one_name_the_nearest_counts() -> None:
    code = 'config = configparser.ConfigParser()\nconfig.read("settings.ini")\nTOPIC = config["kafka"]["topic"]'
    assert topics(code, {"settings.ini": INI, "elsewhere/settings.ini": OTHER}) == ["orders"]


@pytest.mark.parametrize(
    "look",
    ['config["other"]["topic"]', 'config["kafka"]["other"]', 'config.get("kafka", "other")', 'config.get("x", "topic")',
     'config["kafka"]["put"]'],
)  # fmt: skip
def test_what_no_file_tells_is_not_known(look: str) -> None:
    code = f'config = configparser.ConfigParser()\nconfig.read("settings.ini")\nTOPIC = {look}'
    assert topics(code, {"settings.ini": INI + "put = %(topic)s-x\n"}) == ["?"]


def test_an_option_that_is_lacking_falls_back() -> None:
    code = (
        'config = configparser.ConfigParser()\nconfig.read("settings.ini")\n'
        'TOPIC = config.get("kafka", "other", fallback="late")'
    )
    assert topics(code, {"settings.ini": INI}) == ["late"]

"""A program is only asked for uses of what it can hold: libraries that it uses, objects that something in it gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brokerlint.link.present import present
from brokerlint.models.load import builtin, index
from brokerlint.models.model import Models
from brokerlint.read import Sources

Present = Callable[..., Models]


@pytest.fixture
def models() -> Present:
    """The models for a program of these files, which all name a library."""

    def of(**texts: str) -> Models:
        files = {f"{name}.py": text.encode() for name, text in texts.items()}
        return present(Sources(None, list(files), files, 1), index(builtin()), list(files))

    return of


def methods(models: Models, path: str) -> set[str]:
    return set(models.classes[path].methods)


def test_a_class_that_nothing_names_or_gives_has_no_methods(models: Present) -> None:
    assert "get" not in methods(
        models(app="from kombu import Connection\nConnection('sqs://')\n"), "kombu.sqs.SimpleQueue"
    )


def test_a_call_that_gives_an_object_is_enough(models: Present) -> None:
    found = models(app="from kombu import Connection\nc = Connection('sqs://')\n", other="c.SimpleQueue('a').get()\n")
    assert "get" in methods(found, "kombu.sqs.SimpleQueue")


def test_so_is_a_chain_of_calls(models: Present) -> None:
    found = models(app="import boto3\nboto3.resource('sqs').get_queue_by_name(QueueName='a').delete()\n")
    assert "delete" in methods(found, "boto3.SQS.Queue")


def test_a_giver_that_is_out_of_reach_itself_gives_nothing(models: Present) -> None:
    found = models(app="from kafka import KafkaProducer\nKafkaProducer()\nframe.write.save('a')\n")
    assert "save" not in {name for model in found.classes.values() for name in model.methods}


def test_what_tells_an_object_by_itself_stays(models: Present) -> None:
    found = models(app="import pyspark\nframe.writeStream.format('kafka').option('topic', 'a').start()\n")
    assert "start" in methods(found, "pyspark.sql.streaming.DataStreamWriter")


def test_a_library_that_is_only_caught_is_not_used(models: Present) -> None:
    found = models(app="import kafka\ntry:\n    run()\nexcept kafka.errors.KafkaError:\n    pass\n")
    assert "kafka.KafkaProducer" not in found.classes or "send" not in methods(found, "kafka.KafkaProducer")

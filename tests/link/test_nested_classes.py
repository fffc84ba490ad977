"""Classes inside classes: their bases are found, however deep their definition stands."""

from __future__ import annotations

from pathlib import Path

from brokerlint.pipeline import analyse

NESTED = """\
import boto3

class Queue:
    def __init__(self, url):
        self.url = url
    def send(self, body):
        boto3.client("sqs").send_message(QueueUrl=self.url, MessageBody=body)

class Registry:
    if True:
        for _ in range(3):
            try:
                class Orders(Queue):
                    pass
            except ValueError:
                pass

    def publish(self):
        self.Orders("https://sqs.eu-west-1.amazonaws.com/111122223333/orders").send("x")
"""


def test_base_of_a_class_inside_blocks_of_a_class(tmp_path: Path) -> None:
    """The position of a nested class is one of the class around it, which the module knows nothing of."""
    (tmp_path / "app.py").write_text(NESTED)
    facts = analyse(tmp_path)
    names = [channel.name.text for endpoint in facts.endpoints for channel in endpoint.channels]
    assert names == ["orders"]


TWICE = """\
import boto3

sqs = boto3.client("sqs")
try:
    class Poller:
        if True:
            URL = "https://sqs.eu-west-1.amazonaws.com/1/first"
        sqs.receive_message(QueueUrl=URL)
except ImportError:
    class Poller:
        URL = "https://sqs.eu-west-1.amazonaws.com/1/second"
        sqs.receive_message(QueueUrl=URL)
"""


def test_two_classes_of_one_name_keep_their_own_bodies(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(TWICE)
    facts = analyse(tmp_path)
    names = [channel.name.text for endpoint in facts.endpoints for channel in endpoint.channels]
    assert names == ["first", "second"]

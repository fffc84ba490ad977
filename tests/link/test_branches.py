"""Branches that the arguments of a call rule out add nothing to a name."""

from __future__ import annotations

from pathlib import Path

from brokerlint.pipeline import analyse

NAMES = """\
import boto3
sqs = boto3.client("sqs")

class Config:
    def url(self, *, retry=False, fail=False):
        return self._name("orders", retry, fail)

    def _name(self, base, retry, fail):
        parts = [base]
        if fail:
            parts.append("fail")
        elif retry:
            parts.append("retry")
        else:
            parts.append("first")
        return "_".join(parts)

config = Config()
sqs.send_message(QueueUrl=config.url(), MessageBody="")
sqs.send_message(QueueUrl=config.url(retry=True), MessageBody="")
sqs.send_message(QueueUrl=config.url(fail=True), MessageBody="")
"""


def test_parts_of_a_name_are_added_as_the_flags_say(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(NAMES)
    names = [[one.name.text for one in endpoint.channels] for endpoint in analyse(tmp_path).endpoints]
    assert names == [["orders_first"], ["orders_retry"], ["orders_fail"]]


TABLES = """\
import boto3

def url(name, stage=None):
    end = f"-{stage}" if stage is not None else ""
    if not stage:
        return name
    return name + end

sqs = boto3.client("sqs")
sqs.send_message(QueueUrl=url("orders"), MessageBody="")
sqs.send_message(QueueUrl=url("orders", "test"), MessageBody="")
"""


def test_what_depends_on_an_argument_that_was_not_given_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(TABLES)
    names = [[one.name.text for one in endpoint.channels] for endpoint in analyse(tmp_path).endpoints]
    assert names == [["orders"], ["orders-test"]]

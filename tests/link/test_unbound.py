"""Lambda handlers whose code tells what calls them, with a manifest and without one."""

from __future__ import annotations

from textwrap import dedent

import pytest

from brokerlint.facts import Facts
from brokerlint.models.load import parse
from brokerlint.pipeline import analyse_sources

BATCH = """
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    processor = BatchProcessor(event_type=EventType.SQS)

    def work(record):
        print(record.body)

    def handler(event, context):
        return process_partial_response(event=event, record_handler=work, processor=processor, context=context)
    """

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Jobs:
        Type: AWS::SQS::Queue
        Properties: {QueueName: jobs}
      Worker:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src/
          Handler: app.handler
          Runtime: python3.12
          Events:
            Job: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}
    """


def facts(files: dict[str, str]) -> Facts:
    """The facts of these files."""
    return analyse_sources({path: dedent(text).lstrip() for path, text in files.items()})


def consumers(found: Facts) -> list[tuple[int, str, str | None]]:
    """Line, system and channel of everything that consumes."""
    return sorted((e.place.line, e.system, e.channels[0].name.text) for e in found.endpoints if e.role == "consume")


def test_a_handler_that_no_manifest_binds_consumes_from_an_unknown_channel() -> None:
    found = facts({"src/app.py": BATCH})

    assert consumers(found) == [(8, "sqs", None)]
    assert [one.why for one in found.unresolved] == ["no manifest binds this handler to a channel"]


def test_a_handler_that_a_manifest_binds_is_found_once() -> None:
    assert consumers(facts({"src/app.py": BATCH, "template.yaml": TEMPLATE})) == [(8, "sqs", "jobs")]


@pytest.mark.parametrize(
    ("kind", "system"),
    [("SQSEvent", "sqs"), ("SNSEvent", "sns"), ("KinesisStreamEvent", "kinesis"), ("EventBridgeEvent", "eventbridge")],
)
def test_the_class_of_an_event_tells_the_system(kind: str, system: str) -> None:
    code = f"""
        from aws_lambda_powertools.utilities.data_classes import {kind}, event_source

        @event_source(data_class={kind})
        def handler(event: {kind}, context):
            return event.raw_event
        """
    assert [(line, told) for line, told, _ in consumers(facts({"app.py": code}))] == [(4, system)]


def test_a_processor_of_ones_own_that_is_entered() -> None:
    code = """
        from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

        class Counting(BatchProcessor):
            pass

        processor = Counting(event_type=EventType.KinesisDataStreams)

        def handler(event, context):
            with processor(event["Records"], print):
                processor.process()
            return processor.response()
        """
    assert consumers(facts({"app.py": code})) == [(8, "kinesis", None)]


@pytest.mark.parametrize(
    "code",
    [
        """
        from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent, event_source

        @event_source(data_class=APIGatewayProxyEvent)
        def handler(event: APIGatewayProxyEvent, context):
            return {"statusCode": 200}
        """,
        """
        from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

        processor = BatchProcessor(event_type=EventType.DynamoDBStreams)

        def handler(event, context):
            with processor(event["Records"], print):
                processor.process()
        """,
        """
        from aws_lambda_powertools.utilities.data_classes import SQSEvent

        def parse(event: SQSEvent, context):
            return [record.body for record in event.records]
        """,
    ],
)
def test_handlers_of_other_events_consume_nothing(code: str) -> None:
    assert consumers(facts({"app.py": code})) == []


IN_HOUSE = """
library: acme-lambda
system: lambda
modules: [acme_lambda]
events: {acme_lambda.*.QueueEvent: sqs}
functions:
  acme_lambda.handles: {act: lambda-event, arguments: {event: [0, kind]}}
  acme_lambda.on_stream: {act: lambda-event, system: kinesis}
"""


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("events.QueueEvent", [(4, "sqs", None)]),
        ("QueueEvent", [(4, "sqs", None)]),
        ("events.OtherQueueEvent", []),
        ("events.QueueEventLog", []),
    ],
)
def test_events_of_other_libraries_are_told_by_their_models(
    kind: str, found: list[tuple[int, str, str | None]]
) -> None:
    code = f"""
        import acme_lambda

        @acme_lambda.handles(acme_lambda.{kind})
        def handler(event, context):
            return None
        """
    files = {"app.py": dedent(code).lstrip()}
    assert consumers(analyse_sources(files, (parse(IN_HOUSE, "acme.yaml"),))) == found


def test_an_operation_may_be_of_one_system() -> None:
    code = "from acme_lambda import on_stream\n\n@on_stream()\ndef handler(event, context):\n    return None\n"
    found = analyse_sources({"app.py": code}, (parse(IN_HOUSE, "acme.yaml"),))
    assert consumers(found) == [(4, "kinesis", None)]

"""AWS SAM templates: what their short forms stand for."""

# ruff: noqa: E501 -- templates read best with one resource a line
from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from brokerlint.manifests import registry
from brokerlint.manifests.facts import End, ManifestFacts, Reference, Text


def of(resources: str, more: str = "", path: str = "app/template.yaml") -> ManifestFacts:
    """The facts of a SAM template with these resources."""
    text = "Transform: AWS::Serverless-2016-10-31\nResources:\n" + textwrap.indent(textwrap.dedent(resources), "  ")
    texts = {path: f"{text}\n{textwrap.dedent(more)}".encode()}
    return registry.read_all(texts, texts.__getitem__, texts)


def end(system: str, logical: str, attribute: str = "Arn") -> End:
    return End(system, Reference(f"app/template.yaml#{logical}", attribute))


WORKER = End("service", Reference("app/template.yaml#Worker"))


def event(kind: str, properties: str, more: str = "") -> ManifestFacts:
    """A function with one event."""
    return of(f"""
        Orders: {{Type: AWS::SQS::Queue}}
        Topic: {{Type: AWS::SNS::Topic}}
        Stream: {{Type: AWS::Kinesis::Stream}}
        Worker:
          Type: AWS::Serverless::Function
          Properties:
            Events:
              It: {{Type: {kind}, Properties: {properties}}}
        """ + more)  # fmt: skip


class TestFunctions:
    def test_a_function_takes_what_is_global_and_overrides_it(self) -> None:
        found = of(
            """
            Orders: {Type: AWS::SQS::Queue}
            Api:
              Type: AWS::Serverless::Function
              Properties: {CodeUri: src/api/, Handler: app.run, Timeout: 5, Environment: {Variables: {QUEUE_URL: !Ref Orders}}}
            Other: {Type: AWS::Serverless::Function}
            """,
            """
            Globals:
              Function: {Timeout: 20, Handler: main.handler, Environment: {Variables: {STAGE: dev}}, FunctionName: not-for-all}
            """,
        )
        api, other = found.services
        assert (api.name, api.roots, api.handler, api.properties["timeout"]) == ("Api", ("app/src/api",), "app.run", 5)
        assert {name: setting.value for name, setting in api.environment.items()} == {
            "STAGE": Text("dev"),
            "QUEUE_URL": Reference("app/template.yaml#Orders", "ref"),
        }
        assert (other.name, other.roots, other.handler) == ("Other", ("app",), "main.handler")
        assert other.properties["timeout"] == 20

    def test_a_function_is_called_by_its_name_where_that_is_written(self) -> None:
        found = of("Worker: {Type: AWS::Serverless::Function, Properties: {FunctionName: order-worker}}")
        assert found.services[0].name == "order-worker"

    def test_where_failed_calls_go(self) -> None:
        found = of("""
            Failed: {Type: AWS::SQS::Queue}
            Worker:
              Type: AWS::Serverless::Function
              Properties:
                DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Failed.Arn}
                EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failed.Arn}}}
            """)
        assert [(one.kind, one.source, one.target) for one in found.links] == 2 * [
            ("destination", WORKER, end("sqs", "Failed"))
        ]

    def test_queues_and_topics_that_are_made_for_finished_and_failed_calls(self) -> None:
        found = of("""
            Worker:
              Type: AWS::Serverless::Function
              Properties: {EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SNS}, OnFailure: {Type: SQS}}}}
            Reader:
              Type: AWS::Serverless::Function
              Properties: {Environment: {Variables: {FAILED_QUEUE_URL: !Ref Worker.DestinationQueue}}}
            """)
        assert [(one.system, one.logical) for one in found.channels] == [
            ("sns", "WorkerEventInvokeConfigOnSuccessTopic"),
            ("sqs", "WorkerEventInvokeConfigOnFailureQueue"),
        ]
        assert {(one.properties["on"], one.target.system) for one in found.links} == {
            ("success", "sns"),
            ("failure", "sqs"),
        }
        assert found.services[1].environment["FAILED_QUEUE_URL"].value == Reference(found.channels[1].key, "ref")

    @pytest.mark.parametrize("name", ["Worker.Alias", "Worker.Version", "WorkerAliaslive"])
    def test_an_alias_is_the_function(self, name: str) -> None:
        found = of(f"""
            Worker: {{Type: AWS::Serverless::Function, Properties: {{AutoPublishAlias: live}}}}
            Caller: {{Type: AWS::Serverless::Function, Properties: {{Environment: {{Variables: {{WORKER_TARGET: !Ref {name}}}}}}}}}
            """)
        assert found.services[1].environment["WORKER_TARGET"].value == Reference("app/template.yaml#Worker", "ref")

    @pytest.mark.parametrize(("ignored", "timeout"), [("'*'", 3), ("[Timeout, Runtime]", 3), ("[Runtime]", 20)])
    def test_a_function_may_ignore_what_is_global(self, ignored: str, timeout: int) -> None:
        found = of(
            f"Worker: {{Type: AWS::Serverless::Function, IgnoreGlobals: {ignored}}}",
            "Globals: {Function: {Timeout: 20, Runtime: python3.13}}",
        )
        assert found.services[0].properties == {"timeout": timeout}

    def test_an_image_is_built_from_its_folder(self, facts_of: Callable[[dict[str, str]], ManifestFacts]) -> None:
        found = facts_of({
            "app/template.yaml": """
Transform: AWS::Serverless-2016-10-31
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
    Metadata: {DockerContext: ./jobs, Dockerfile: Dockerfile.lambda}
""",
            "app/jobs/Dockerfile.lambda": 'FROM public.ecr.aws/lambda/python:3.13\nCOPY . .\nCMD ["main.handler"]\n',
            "app/jobs/main.py": "",
        })  # fmt: skip
        assert [(one.name, one.roots, one.handler) for one in found.services] == [
            ("Worker", ("app/jobs",), "main.handler")
        ]

    @pytest.mark.parametrize(
        ("policy", "roles"),
        [
            ("SQSSendMessagePolicy: {QueueName: !GetAtt Orders.QueueName}", ["produce"]),
            ("SQSPollerPolicy: {QueueName: !GetAtt Orders.QueueName}", ["consume"]),
            ("Statement: [{Effect: Allow, Action: 'sqs:Send*', Resource: !GetAtt Orders.Arn}]", ["produce"]),
            ("Statement: [{Effect: Allow, Action: '*', Resource: !GetAtt Orders.Arn}]", []),
        ],
    )
    def test_policies_tell_what_it_may_do(self, policy: str, roles: list[str]) -> None:
        found = of(f"""
            Orders: {{Type: AWS::SQS::Queue}}
            Worker: {{Type: AWS::Serverless::Function, Properties: {{Policies: [{{{policy}}}]}}}}
            """)
        assert [one.role for one in found.hints] == roles


class TestEvents:
    def test_a_queue(self) -> None:
        (link,) = event(
            "SQS", "{Queue: !GetAtt Orders.Arn, BatchSize: 3, FunctionResponseTypes: [ReportBatchItemFailures]}"
        ).links
        assert (link.kind, link.source, link.target) == ("event_source_mapping", end("sqs", "Orders"), WORKER)
        assert link.properties == {"batch_size": 3, "response_types": ["ReportBatchItemFailures"]}
        assert link.place.line == 11

    def test_a_stream(self) -> None:
        properties = "{Stream: !GetAtt Stream.Arn, StartingPosition: LATEST, BisectBatchOnFunctionError: true}"
        (link,) = event("Kinesis", properties).links
        assert link.source == end("kinesis", "Stream")
        assert link.properties == {"starting_position": "LATEST", "bisect": True}

    def test_a_topic(self) -> None:
        (link,) = event("SNS", "{Topic: !Ref Topic, FilterPolicy: {a: [b]}}").links
        assert (link.kind, link.source, link.target) == ("subscription", end("sns", "Topic", "ref"), WORKER)
        assert link.properties["filters"] is True

    def test_a_topic_through_a_queue_that_is_made_for_it(self) -> None:
        found = event("SNS", "{Topic: !Ref Topic, SqsSubscription: true}")
        assert [one.logical for one in found.channels if one.system == "sqs"] == ["Orders", "WorkerItQueue"]
        subscription = next(one for one in found.links if one.kind == "subscription")
        mapping = next(one for one in found.links if one.kind == "event_source_mapping")
        assert subscription.target == mapping.source == end("sqs", "WorkerItQueue")
        assert mapping.target == WORKER

    @pytest.mark.parametrize("kind", ["MSK", "SelfManagedKafka"])
    def test_topics_of_kafka(self, kind: str) -> None:
        found = event(
            kind, "{Stream: 'arn:aws:kafka:r:1:cluster/c/d', Topics: [orders, bills], ConsumerGroupId: worker}"
        )
        assert [one.source for one in found.links] == [End("kafka", Text("orders")), End("kafka", Text("bills"))]
        assert found.links[0].properties["group"] == "worker"

    @pytest.mark.parametrize("kind", ["EventBridgeRule", "CloudWatchEvent"])
    def test_a_rule_on_the_default_bus(self, kind: str) -> None:
        (link,) = event(kind, "{Pattern: {source: [shop]}, DeadLetterConfig: {Arn: !GetAtt Orders.Arn}}").links
        assert (link.kind, link.source, link.target) == ("rule", End("eventbridge", Text("default")), WORKER)
        assert link.properties == {"filters": [{"source": ["shop"]}], "dead_letter": end("sqs", "Orders")}

    def test_a_queue_that_is_made_for_a_fifo_topic_keeps_its_order(self) -> None:
        ordered = "Ordered: {Type: AWS::SNS::Topic, Properties: {FifoTopic: true}}\n"
        found = event("SNS", "{Topic: !Ref Ordered, SqsSubscription: true}", ordered)
        made = next(one for one in found.channels if one.logical == "WorkerItQueue")
        assert made.properties["fifo"] is True
        mapped = next(one for one in found.links if one.kind == "event_source_mapping")
        assert mapped.properties == {"batch_size": 10, "enabled": True}

    @pytest.mark.parametrize(
        ("config", "queue"),
        [("{Type: SQS}", "WorkerItQueue"), ("{Type: SQS, QueueLogicalId: Rejected}", "Rejected")],
    )
    @pytest.mark.parametrize(
        ("kind", "when"),
        [
            ("EventBridgeRule", "Pattern: {a: [b]}"),
            ("Schedule", "Schedule: rate(1 day)"),
            ("ScheduleV2", "ScheduleExpression: rate(1 day)"),
        ],
    )
    def test_a_queue_that_is_made_for_what_cannot_be_delivered(
        self, kind: str, when: str, config: str, queue: str
    ) -> None:
        reader = f"Reader: {{Type: AWS::Serverless::Function, Properties: {{Environment: {{Variables: {{QUEUE_URL: !Ref {queue}}}}}}}}}\n"
        found = event(kind, f"{{{when}, DeadLetterConfig: {config}}}", reader)
        made = next(one for one in found.channels if one.logical == queue)
        (link,) = found.links
        assert link.properties["dead_letter"] == End("sqs", Reference(made.key, "Arn"))
        assert found.services[1].environment["QUEUE_URL"].value == Reference(made.key, "ref")

    @pytest.mark.parametrize(
        ("kind", "properties", "source"),
        [
            ("ScheduleV2", "{ScheduleExpression: rate(1 day), State: DISABLED}", "schedule:rate(1 day)"),
            ("Schedule", "{Schedule: rate(1 day), Enabled: false}", "schedule:rate(1 day)"),
        ],
    )
    def test_a_schedule_may_be_switched_off(self, kind: str, properties: str, source: str) -> None:
        (link,) = event(kind, properties).links
        assert (link.kind, link.source, link.target) == ("schedule", End("external", Text(source)), WORKER)
        assert link.properties == {"enabled": False}

    @pytest.mark.parametrize(
        ("kind", "properties", "source"),
        [
            ("MQ", "{Broker: !GetAtt Other.Arn, Queues: [jobs]}", "amazonmq:Other"),
            ("DocumentDB", "{Cluster: !GetAtt Other.Arn}", "amazonmq:Other"),
        ],
    )
    def test_brokers_and_databases_are_outside(self, kind: str, properties: str, source: str) -> None:
        (link,) = event(kind, properties, "Other: {Type: AWS::AmazonMQ::Broker}\n").links
        assert (link.kind, link.source) == ("event_source_mapping", End("external", Text(source)))

    def test_a_state_machine_is_started_by_a_bus(self) -> None:
        found = of("""
            Bus: {Type: AWS::Events::EventBus}
            Flow:
              Type: AWS::Serverless::StateMachine
              Properties:
                Events: {It: {Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {source: [shop]}}}}
            """)
        (link,) = found.links
        assert (link.kind, link.source) == ("rule", end("eventbridge", "Bus", "ref"))
        assert link.target == End("external", Text("states:Flow"))

    def test_names_in_a_state_machine_are_replaced_by_what_is_given_for_them(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Flow:
              Type: AWS::Serverless::StateMachine
              Properties:
                DefinitionSubstitutions: {Queue: !Ref Orders}
                Definition:
                  States: {Send: {Resource: "arn:aws:states:::sqs:sendMessage", Parameters: {QueueUrl: "${Queue}"}}}
            """)
        (link,) = found.links
        assert (link.kind, link.target) == ("task", end("sqs", "Orders", "ref"))

    def test_what_is_no_channel_is_external(self) -> None:
        table = "Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}\n"
        assert event("DynamoDB", "{Stream: !GetAtt Table.StreamArn}", table).links[0].source == End(
            "external", Text("dynamodb:orders")
        )
        assert event("Schedule", "{Schedule: rate(1 day)}").links[0].source == End(
            "external", Text("schedule:rate(1 day)")
        )
        assert event("Api", "{Path: /, Method: get}").links == ()

"""CloudFormation templates, from files to facts."""

# ruff: noqa: E501 -- templates read best with one resource a line
from __future__ import annotations

import json
import textwrap
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlint.manifests import registry
from brokerlint.manifests.facts import Choice, Concat, End, Hole, ManifestFacts, Reference, Text
from brokerlint.manifests.intrinsics import Scope
from brokerlint.manifests.terms import pattern
from brokerlint.manifests.yaml_nodes import documents


def facts(files: dict[str, str]) -> ManifestFacts:
    texts = {path: textwrap.dedent(text).encode() for path, text in files.items()}
    return registry.read_all(texts, texts.__getitem__, texts)


def of(resources: str, **sections: str) -> ManifestFacts:
    """The facts of a template with these resources."""
    text = "Resources:\n" + textwrap.indent(textwrap.dedent(resources), "  ")
    for name, section in sections.items():
        text += f"\n{name}:\n" + textwrap.indent(textwrap.dedent(section), "  ")
    return facts({"template.yaml": text})


def queue(key: str, attribute: str = "Arn") -> End:
    return End("sqs", Reference(f"template.yaml#{key}", attribute))


class TestQueues:
    def test_properties_have_the_shared_names_and_defaults_are_told_apart(self) -> None:
        found = of("""
            Orders:
              Type: AWS::SQS::Queue
              Properties: {QueueName: orders.fifo, FifoQueue: true, VisibilityTimeout: "60", MessageRetentionPeriod: 3600}
            """)
        (channel,) = found.channels
        assert (channel.system, channel.kind, channel.name) == ("sqs", "queue", Text("orders.fifo"))
        assert channel.properties["visibility_timeout"] == 60
        assert channel.properties["retention"] == 3600
        assert channel.properties["fifo"] is True
        assert channel.properties["wait_time"] == 0
        assert "wait_time" in channel.defaulted
        assert "visibility_timeout" not in channel.defaulted
        assert (channel.place.path, channel.place.line) == ("template.yaml", 3)

    def test_a_queue_without_a_name_is_known_by_its_logical_id(self) -> None:
        (channel,) = of("Orders: {Type: AWS::SQS::Queue}").channels
        assert channel.name is None
        assert channel.logical == "Orders"

    def test_a_property_that_nobody_knows_is_no_default(self) -> None:
        found = of(
            "Orders: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Seconds}}",
            Parameters="Seconds: {Type: Number}",
        )
        assert isinstance(found.channels[0].properties["visibility_timeout"], Hole)
        assert "visibility_timeout" not in found.channels[0].defaulted

    @pytest.mark.parametrize(
        "policy",
        [
            "{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}",
            '!Sub \'{"deadLetterTargetArn": "${Dead.Arn}", "maxReceiveCount": 3}\'',
            "!If [Prod, {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}, !Ref AWS::NoValue]",
        ],
        ids=["structure", "text", "condition"],
    )
    def test_the_dead_letter_queue_is_a_link_and_a_property(self, policy: str) -> None:
        found = of(f"""
            Dead: {{Type: AWS::SQS::Queue}}
            Orders:
              Type: AWS::SQS::Queue
              Properties:
                RedrivePolicy: {policy}
            """)
        (link,) = [one for one in found.links if one.kind == "redrive"]
        assert (link.source, link.target) == (queue("Orders", ""), queue("Dead"))
        assert link.properties == {"max_receive_count": 3}
        assert link.place.line == 7
        orders = next(one for one in found.channels if one.logical == "Orders")
        assert orders.properties["dead_letter"] == queue("Dead")
        assert orders.properties["max_receive_count"] == 3

    def test_policies_alarms_parameters_and_exports_are_told_of_the_queue(self) -> None:
        found = of(
            """
            Orders: {Type: AWS::SQS::Queue}
            Policy:
              Type: AWS::SQS::QueuePolicy
              Properties:
                Queues: [!Ref Orders]
                PolicyDocument: {Statement: [{Effect: Allow, Principal: "*", Action: "sqs:SendMessage"}]}
            Alarm:
              Type: AWS::CloudWatch::Alarm
              Properties:
                MetricName: ApproximateAgeOfOldestMessage
                Dimensions: [{Name: QueueName, Value: !GetAtt Orders.QueueName}]
            Path: {Type: AWS::SSM::Parameter, Properties: {Name: /shop/orders/url, Value: !Ref Orders}}
            """,
            Outputs="Url: {Value: !Ref Orders, Export: {Name: orders-url}}",
        )
        properties = found.channels[0].properties
        assert properties["policy"] == [
            {"effect": "Allow", "principal": "*", "actions": ["sqs:SendMessage"], "conditions": {}}
        ]
        assert properties["alarms"] == [{"metric": "ApproximateAgeOfOldestMessage"}]
        assert properties["ssm_parameters"] == ["/shop/orders/url"]
        assert properties["exported"] is True


class TestOtherChannels:
    def test_streams_buses_and_kafka_topics(self) -> None:
        found = of("""
            Clicks: {Type: AWS::Kinesis::Stream, Properties: {Name: clicks, RetentionPeriodHours: 48, ShardCount: 2}}
            Free: {Type: AWS::Kinesis::Stream, Properties: {StreamModeDetails: {StreamMode: ON_DEMAND}}}
            Bus: {Type: AWS::Events::EventBus, Properties: {Name: shop}}
            Topic:
              Type: AWS::MSK::Topic
              Properties: {TopicName: orders, PartitionCount: 6, ReplicationFactor: 3, ClusterArn: !GetAtt Cluster.Arn}
            Cluster:
              Type: AWS::MSK::Cluster
              Properties: {ClusterName: c, NumberOfBrokerNodes: 3, KafkaVersion: 3.6.0, ConfigurationInfo: {Arn: !Ref Settings}}
            Settings: {Type: AWS::MSK::Configuration, Properties: {ServerProperties: "auto.create.topics.enable = true"}}
            """)
        by_id = {one.logical: one for one in found.channels}
        assert by_id["Clicks"].properties == {"shards": 2, "retention": 172800, "mode": "provisioned"}
        assert by_id["Free"].properties["mode"] == "on-demand"
        assert (by_id["Bus"].system, by_id["Bus"].kind) == ("eventbridge", "bus")
        assert by_id["Topic"].properties == {"partitions": 6, "replication_factor": 3}
        assert by_id["Cluster"].kind == "cluster"
        assert by_id["Cluster"].properties["auto_create"] is True


class TestLinks:
    def test_a_mapping_leads_from_the_queue_to_the_function(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Failed: {Type: AWS::SQS::Queue}
            Worker: {Type: AWS::Lambda::Function, Properties: {Handler: app.run, Code: src/worker, Timeout: 20}}
            Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Worker}}
            Mapping:
              Type: AWS::Lambda::EventSourceMapping
              Properties:
                EventSourceArn: !GetAtt Orders.Arn
                FunctionName: !Ref Live
                BatchSize: 5
                Enabled: "false"
                FunctionResponseTypes: [ReportBatchItemFailures]
                DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
            """)
        link = next(one for one in found.links if one.kind == "event_source_mapping")
        assert link.source == queue("Orders")
        assert link.target == End("service", Reference("template.yaml#Worker"))
        assert link.properties == {
            "batch_size": 5,
            "enabled": False,
            "response_types": ["ReportBatchItemFailures"],
            "on_failure": queue("Failed"),
        }
        (service,) = found.services
        assert (service.name, service.roots, service.handler) == ("Worker", ("src/worker",), "app.run")
        assert service.properties["timeout"] == 20

    def test_subscriptions_inside_and_beside_the_topic(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Events:
              Type: AWS::SNS::Topic
              Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Orders.Arn}, {Protocol: email, Endpoint: a@b.c}]}
            More:
              Type: AWS::SNS::Subscription
              Properties:
                TopicArn: !Ref Events
                Protocol: sqs
                Endpoint: !Sub "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:audit"
                RawMessageDelivery: true
                FilterPolicy: {kind: [created]}
                RedrivePolicy: {deadLetterTargetArn: !GetAtt Orders.Arn}
            """)
        inside, mail, beside = found.links
        assert inside.target == queue("Orders")
        assert mail.target == End("external", Text("email"))
        assert beside.target == End("sqs", Text("audit"))
        assert beside.properties["raw_delivery"] is True
        assert beside.properties["filters"] is True
        assert beside.properties["dead_letter"] == queue("Orders")

    def test_rules_pipes_schedules_and_notifications(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Bus: {Type: AWS::Events::EventBus, Properties: {Name: shop}}
            Rule:
              Type: AWS::Events::Rule
              Properties:
                EventBusName: !Ref Bus
                EventPattern: {source: [shop.orders]}
                Targets: [{Id: a, Arn: !GetAtt Orders.Arn, SqsParameters: {MessageGroupId: all}}]
            Nightly:
              Type: AWS::Events::Rule
              Properties: {ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: !GetAtt Orders.Arn}]}
            Pipe: {Type: AWS::Pipes::Pipe, Properties: {Source: !GetAtt Orders.Arn, Target: !GetAtt Bus.Arn}}
            Hourly:
              Type: AWS::Scheduler::Schedule
              Properties:
                ScheduleExpression: rate(1 hour)
                Target:
                  Arn: arn:aws:scheduler:::aws-sdk:sqs:sendMessage
                  Input: !Sub '{"QueueUrl": "${Orders}", "MessageBody": "x"}'
            Uploads:
              Type: AWS::S3::Bucket
              Properties: {NotificationConfiguration: {QueueConfigurations: [{Event: "s3:*", Queue: !GetAtt Orders.Arn}]}}
            """)
        by_kind = {(one.kind, one.source.system): one for one in found.links}
        rule = by_kind["rule", "eventbridge"]
        assert rule.source.value == Reference("template.yaml#Bus", "ref")
        assert rule.properties == {"group_id": "all", "filters": [{"source": ["shop.orders"]}]}
        assert by_kind["pipe", "sqs"].target.system == "eventbridge"
        schedules = [one for one in found.links if one.kind == "schedule"]
        assert {one.target.system for one in schedules} == {"sqs"}
        assert {one.source.value for one in schedules} == {Text("schedule:rate(1 day)"), Text("schedule:rate(1 hour)")}
        assert by_kind["notification", "external"].source.value == Text("s3:Uploads")

    def test_archives_of_a_bus(self) -> None:
        found = of("""
            Bus: {Type: AWS::Events::EventBus, Properties: {Name: shop}}
            Month: {Type: AWS::Events::Archive, Properties: {ArchiveName: m, SourceArn: !GetAtt Bus.Arn, RetentionDays: 30}}
            Ever: {Type: AWS::Events::Archive, Properties: {SourceArn: !GetAtt Bus.Arn}}
            """)
        assert {(one.kind, one.source.system, one.properties["retention"]) for one in found.links} == {
            ("archive", "eventbridge", 30 * 86400),
            ("archive", "eventbridge", -1),
        }
        assert {one.target.value for one in found.links} == {Text("archive:m"), Text("archive:Ever")}

    def test_devices_logs_and_tables_that_send(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Stream: {Type: AWS::Kinesis::Stream}
            Rule:
              Type: AWS::IoT::TopicRule
              Properties:
                TopicRulePayload:
                  Actions: [{Sqs: {QueueUrl: !Ref Orders}}, {Kafka: {Topic: readings}}]
                  ErrorAction: {Kinesis: {StreamName: !Ref Stream}}
            Lines:
              Type: AWS::Logs::SubscriptionFilter
              Properties: {LogGroupName: /app, DestinationArn: !GetAtt Stream.Arn}
            Table:
              Type: AWS::DynamoDB::Table
              Properties: {TableName: items, KinesisStreamSpecification: {StreamArn: !GetAtt Stream.Arn}}
            """)
        assert [(one.source.value, one.target.system) for one in found.links] == [
            (Text("iot:Rule"), "sqs"),
            (Text("iot:Rule"), "kafka"),
            (Text("iot:Rule"), "kinesis"),
            (Text("logs:/app"), "kinesis"),
            (Text("dynamodb:items"), "kinesis"),
        ]
        assert {one.kind for one in found.links} == {"notification"}

    def test_a_long_state_machine_is_read_to_its_end(self) -> None:
        states = {f"Wait{n}": {"Type": "Wait", "Comment": "x" * 90, "Seconds": n} for n in range(60)}
        states["Send"] = {"Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "${Orders}"}}
        definition = json.dumps({"States": states}).replace("'", "")
        found = of(f"""
            Orders: {{Type: AWS::SQS::Queue}}
            Flow: {{Type: AWS::StepFunctions::StateMachine, Properties: {{DefinitionString: !Sub '{definition}'}}}}
            """)
        assert [(one.kind, one.target) for one in found.links] == [("task", queue("Orders", "ref"))]

    def test_names_of_tables_are_read_in_either_form(self) -> None:
        template = {
            "Parameters": {"Name": {"Type": "String", "Default": "items"}},
            "Resources": {
                "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "Name"}}},
                "Worker": {"Type": "AWS::Lambda::Function"},
                "Changes": {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {
                        "FunctionName": {"Ref": "Worker"},
                        "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
                    },
                },
            },
        }
        found = facts({"template.json": json.dumps(template)})
        assert found.links[0].source == End("external", Text("dynamodb:items"))

    def test_state_machines_and_interfaces_that_send(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Flow:
              Type: AWS::StepFunctions::StateMachine
              Properties:
                DefinitionString: !Sub |
                  {"States": {"All": {"Type": "Map", "Iterator": {"States": {"Send": {
                    "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "${Orders}"}}}}}}}
            Door:
              Type: AWS::ApiGateway::RestApi
              Properties:
                Body:
                  paths:
                    /orders:
                      post:
                        x-amazon-apigateway-integration:
                          uri: !Sub "arn:aws:apigateway:${AWS::Region}:sqs:path/${AWS::AccountId}/${Orders.QueueName}"
            """)
        assert [(one.kind, one.target.system) for one in found.links] == [("task", "sqs"), ("notification", "sqs")]
        assert {getattr(one.target.value, "key", "") for one in found.links} == {"template.yaml#Orders"}

    def test_a_role_tells_what_its_function_may_do(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Role:
              Type: AWS::IAM::Role
              Properties:
                Policies:
                  - PolicyDocument:
                      Statement:
                        - {Effect: Allow, Action: ["sqs:SendMessage", "sqs:GetQueueUrl"], Resource: !GetAtt Orders.Arn}
                        - {Effect: Allow, Action: "sqs:*", Resource: "*"}
                        - {Effect: Deny, Action: "sqs:ReceiveMessage", Resource: !GetAtt Orders.Arn}
            Api: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn}}
            """)
        (hint,) = found.hints
        assert (hint.service, hint.role, hint.strength) == ("template.yaml#Api", "produce", "may")
        assert hint.channel == queue("Orders")


class TestEnvironment:
    def test_references_are_kept_and_other_values_are_not(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Api:
              Type: AWS::Lambda::Function
              Properties:
                Environment:
                  Variables:
                    QUEUE_URL: !Ref Orders
                    EVENTS_TOPIC: events
                    DB_PASSWORD: hunter2
                    DATABASE: !Sub "postgres://user:hunter2@${AWS::Region}/db"
            """)
        environment = found.services[0].environment
        assert environment["QUEUE_URL"].value == Reference("template.yaml#Orders", "ref")
        assert environment["EVENTS_TOPIC"].value == Text("events")
        assert "hunter2" not in repr(found)
        assert "DB_PASSWORD" in environment

    def test_containers_are_services_of_their_own(self) -> None:
        found = of("""
            Orders: {Type: AWS::SQS::Queue}
            Path: {Type: AWS::SSM::Parameter, Properties: {Name: /orders/url, Value: !Ref Orders}}
            Task:
              Type: AWS::ECS::TaskDefinition
              Properties:
                ContainerDefinitions:
                  - Name: web
                    Image: shop/web:1
                    Command: [python, -m, web]
                    Environment: [{Name: QUEUE_URL, Value: !Ref Orders}, {Name: API_TOKEN, Value: abc}]
                    Secrets: [{Name: OTHER_QUEUE, ValueFrom: /orders/url}]
                  - {Name: worker, Image: "shop/worker:1"}
            """)
        web, worker = found.services
        assert (web.name, web.platform, web.image, web.command) == ("web", "ecs", "shop/web:1", ("python", "-m", "web"))
        assert web.environment["QUEUE_URL"].value == Reference("template.yaml#Orders", "ref")
        assert web.environment["OTHER_QUEUE"].value == Reference("template.yaml#Orders", "ref")
        assert worker.name == "worker"
        assert "abc" not in repr(found)

    def test_variables_of_a_container_are_judged_by_their_own_names(self) -> None:
        found = of("""
            Task:
              Type: AWS::ECS::TaskDefinition
              Properties:
                ContainerDefinitions:
                  - Name: web
                    Image: shop/web:1
                    Environment:
                      - {Name: ORDERS_QUEUE, Value: orders}
                      - {Name: PLAIN, Value: hunter2}
                      - {Name: QUEUE_PASSWORD, Value: hunter3}
            """)
        environment = found.services[0].environment
        assert set(environment) == {"ORDERS_QUEUE", "PLAIN", "QUEUE_PASSWORD"}
        assert environment["ORDERS_QUEUE"].value == Text("orders")
        assert "hunter" not in repr(found)

    def test_no_summary_holds_a_secret(self) -> None:
        text = """
            Parameters: {DbPassword: {Type: String, Default: hunter2}, Key: {Type: String, NoEcho: true, Default: hunter3}}
            Resources:
              Db: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: hunter4, DBName: shop}}
              F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {A_SECRET: hunter5, LIMIT: "12"}}}}
            """
        summaries, problems = registry.read("template.yaml", textwrap.dedent(text))
        assert not problems
        assert summaries["cloudformation"] is not None
        assert "hunter" not in repr(summaries)


class TestStacks:
    CHILD = """
        Parameters: {Prefix: {Type: String, Default: none}}
        Resources:
          Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Prefix}-jobs"}}
        Outputs: {Url: {Value: !Ref Queue}}
        """

    def test_a_nested_stack_gets_its_parents_parameters_and_gives_outputs(self) -> None:
        found = facts({
            "main.yaml": """
                Resources:
                  Jobs:
                    Type: AWS::CloudFormation::Stack
                    Properties: {TemplateURL: nested/queue.yaml, Parameters: {Prefix: shop}}
                  Api:
                    Type: AWS::Lambda::Function
                    Properties: {Environment: {Variables: {QUEUE_URL: !GetAtt Jobs.Outputs.Url}}}
                """,
            "nested/queue.yaml": self.CHILD,
        })  # fmt: skip
        (channel,) = found.channels
        assert channel.name == Text("shop-jobs")
        assert channel.place.path == "nested/queue.yaml"
        assert found.services[0].environment["QUEUE_URL"].value == Reference(channel.key, "ref")

    def test_a_template_that_is_deployed_twice_gives_two_channels(self) -> None:
        found = facts({
            "main.yaml": """
                Resources:
                  One: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./queue.yaml, Parameters: {Prefix: a}}}
                  Two: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./queue.yaml, Parameters: {Prefix: b}}}
                """,
            "queue.yaml": self.CHILD,
        })  # fmt: skip
        assert [one.name for one in found.channels] == [Text("a-jobs"), Text("b-jobs")]
        assert [(one.logical, one.place.path, one.place.line) for one in found.channels] == [
            ("One.Queue", "main.yaml", 3),
            ("Two.Queue", "main.yaml", 4),
        ]

    def test_stacks_inside_each_other_without_end_stop(self) -> None:
        text = """
            Resources:
              Other: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s, Parameters: {X: !GetAtt Other.Outputs.X}}}
              Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref X}}
            Parameters: {X: {Type: String}}
            Outputs: {X: {Value: !GetAtt Other.Outputs.X}}
            """
        found = facts({"a.yaml": text % "b.yaml", "b.yaml": text % "a.yaml"})
        assert {one.logical.rpartition(".")[2] for one in found.channels} == {"Queue"}
        assert len(found.channels) < 20
        assert not found.diagnostics

    def test_an_import_finds_the_export_of_another_template(self) -> None:
        found = facts({
            "a.yaml": """
                Resources: {Queue: {Type: AWS::SQS::Queue}}
                Outputs: {Url: {Value: !GetAtt Queue.Arn, Export: {Name: !Sub "${AWS::StackName}-OrdersArn"}}}
                """,
            "b.yaml": """
                Parameters: {Network: {Type: String}}
                Resources:
                  F: {Type: AWS::Lambda::Function}
                  M:
                    Type: AWS::Lambda::EventSourceMapping
                    Properties: {FunctionName: !Ref F, EventSourceArn: !ImportValue {"Fn::Sub": "${Network}-OrdersArn"}}
                """,
        })  # fmt: skip
        assert found.links[0].source == End("sqs", Reference("a.yaml#Queue", "Arn"))

    def test_a_parameter_of_the_parameter_store_leads_to_the_channel_that_is_kept_there(self) -> None:
        found = facts({
            "platform/template.yaml": """
                Parameters: {Stage: {Type: String, Default: dev}}
                Resources:
                  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "shop-${Stage}"}}
                  Name: {Type: AWS::SSM::Parameter, Properties: {Name: !Sub "/shop/${Stage}/bus", Value: !Ref Bus}}
                """,
            "orders/template.yaml": """
                Parameters: {BusName: {Type: "AWS::SSM::Parameter::Value<String>"}}
                Resources:
                  F: {Type: AWS::Lambda::Function}
                  Rule:
                    Type: AWS::Events::Rule
                    Properties: {EventBusName: !Ref BusName, EventPattern: {source: [x]}, Targets: [{Arn: !GetAtt F.Arn}]}
                """,
            "orders/metadata.yaml": "parameters:\n  BusName: /shop/{Stage}/bus\n",
        })  # fmt: skip
        assert found.links[0].source == End("eventbridge", Reference("platform/template.yaml#Bus", "ref"))

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("samconfig.toml", '[default.deploy.parameters]\nparameter_overrides = "Stage=\\"live\\" Other=x"\n'),
            ("parameters.json", '[{"ParameterKey": "Stage", "ParameterValue": "live"}]'),
        ],
    )
    def test_parameters_beside_a_template_are_used(self, path: str, text: str) -> None:
        template = """
            Parameters: {Stage: {Type: String, Default: dev}, Other: {Type: String}}
            Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "orders-${Stage}"}}}
            """
        assert facts({"t.yaml": template, path: text}).channels[0].name == Text("orders-live")


class TestBadInput:
    def test_a_broken_template_costs_only_itself(self) -> None:
        good = "Resources: {Q: {Type: AWS::SQS::Queue}}"
        found = facts({"bad.yaml": "Resources:\n  Q: {Type: AWS::SQS::Queue\n  : [", "good.yaml": good})
        assert [one.place.path for one in found.channels] == ["good.yaml"]
        assert [one.path for one in found.diagnostics] == ["bad.yaml"]

    @pytest.mark.parametrize(
        "resources",
        [
            "Q: {Type: AWS::SQS::Queue, Properties: [1, 2]}",
            "Q: {Type: AWS::SQS::Queue, Properties: {QueueName: {a: b}, RedrivePolicy: 7}}",
            "Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub [], FifoQueue: !If [a]}}",
            "Q: {Type: AWS::Events::Rule, Properties: {Targets: x}}",
            "Q: {Type: AWS::SNS::Topic, Properties: {Subscription: [a, {Protocol: [x]}]}}",
            "Q: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !GetAtt Q, EventSourceArn: !Ref Q}}",
            "Q: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Q}}",
            "Q: {Type: AWS::Lambda::Function, Properties: {Environment: x, Code: [], Timeout: !Join []}}",
            "Q: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Environment: {a: 1}}, 3]}}",
        ],
    )
    def test_nonsense_inside_a_template_is_no_accident(self, resources: str) -> None:
        assert not of(resources).diagnostics

    def test_a_document_that_is_no_template_says_nothing(self) -> None:
        assert facts({"x.yaml": "kind: AWS::Something\nResources: 5\n"}) == ManifestFacts()


SCOPE = Scope({"Orders": "t#Orders"}, documents("Stage: {Default: dev}\nOpen: {Type: String}")[0])


def value(text: str) -> object:
    return SCOPE.term(documents(text)[0]).value


class TestFunctions:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("!Ref Stage", Text("dev")),
            ("{Ref: Orders}", Reference("t#Orders", "ref")),
            ("!GetAtt Orders.Arn", Reference("t#Orders", "Arn")),
            ("{'Fn::GetAtt': [Orders, Arn]}", Reference("t#Orders", "Arn")),
            ("!Ref AWS::Region", Hole("AWS::Region")),
            ("!Ref Open", Hole("parameter Open")),
            ("!Sub 'orders-${Stage}-${!Stage}'", Text("orders-dev-${Stage}")),
            ("!Sub ['${a}-${Stage}', {a: x}]", Text("x-dev")),
            ("!Sub '${Orders.Arn}'", Reference("t#Orders", "Arn")),
            ("!Join ['-', [a, !Ref Stage, b]]", Text("a-dev-b")),
            ("!Select [1, !Split [',', 'a,b']]", Text("b")),
            ("!Select [5, !Split [':', !GetAtt Orders.Arn]]", Reference("t#Orders", "Name")),
            ("!If [Unknown, a, b]", Choice((Text("a"), Text("b")))),
            ("!If [Unknown, a, !Ref AWS::NoValue]", Text("a")),
            ("!Cidr [a, b]", Hole("Fn::Cidr")),
        ],
    )
    def test_a_function_gives(self, text: str, expected: object) -> None:
        assert value(text) == expected

    def test_a_condition_on_what_is_set_decides(self) -> None:
        conditions = documents("Live: !Equals [!Ref Stage, live]\nNot: !Not [!Condition Live]")[0]
        scope = Scope({}, bound={"Stage": SCOPE.term(documents("live")[0])}, conditions=conditions)
        assert scope.term(documents("!If [Live, a, b]")[0]).text == "a"
        assert scope.term(documents("!If [Not, a, b]")[0]).text == "b"

    def test_a_map_gives_its_value_or_all_that_it_may_be(self) -> None:
        scope = Scope({}, mappings=documents("Names: {dev: {q: a}, live: {q: b}}")[0])
        assert scope.term(documents("!FindInMap [Names, live, q]")[0]).text == "b"
        either = scope.term(documents("!FindInMap [Names, !Ref AWS::Region, q]")[0])
        assert either.value == Choice((Text("a"), Text("b")))

    @given(st.lists(st.text(alphabet="abc-${}!.:", max_size=12), max_size=6))
    @settings(max_examples=200, deadline=None)
    def test_any_text_can_be_substituted(self, parts: list[str]) -> None:
        found = SCOPE.term(replace(documents("!Sub x")[0], text="".join(parts))).value
        assert isinstance(found, (Text, Concat, Hole, Reference))
        assert "${" not in "".join(parts) or pattern(found) is not None

    @given(
        st.recursive(
            st.text(alphabet="ab:", max_size=4),
            lambda inner: st.one_of(
                st.lists(inner, max_size=4),
                st.dictionaries(
                    st.sampled_from(
                        ["Ref", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::GetAtt", "Fn::Select", "Fn::Split", "a"]
                    ),
                    inner,
                    max_size=2,
                ),
            ),
            max_leaves=20,
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_functions_of_anything_give_a_term(self, data: object) -> None:
        SCOPE.term(documents(json.dumps({"x": data}))[0])

    def test_functions_may_be_nested_as_deeply_as_a_file(self) -> None:
        deep = '"a"'
        for _ in range(30):
            deep = f'{{"Fn::Join": ["", [{deep}, "b"]]}}'
        assert value(deep) == Text("a" + "b" * 30)

"""The Serverless Framework: services, functions, events, variables, constructs."""

# ruff: noqa: E501 -- configurations read best with one thing a line

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlint.manifests import registry
from brokerlint.manifests.facts import Choice, Concat, End, Hole, ManifestFacts, Reference, Text
from brokerlint.manifests.serverless_variables import Variables
from brokerlint.manifests.yaml_nodes import documents


def facts(files: dict[str, str]) -> ManifestFacts:
    texts = {path: textwrap.dedent(text).encode() for path, text in files.items()}
    return registry.read_all(texts, texts.__getitem__, texts)


def service(body: str, **files: str) -> ManifestFacts:
    """The facts of a service in ``svc``; further files by their names with ``__`` for the dot."""
    main = "service: shop\nprovider: {name: aws, runtime: python3.12}\n" + textwrap.dedent(body)
    return facts({"svc/serverless.yml": main, **{f"svc/{k.replace('__', '.')}": v for k, v in files.items()}})


def end(system: str, logical: str, attribute: str = "Arn") -> End:
    return End(system, Reference(f"svc/serverless.yml#{logical}", attribute))


WORKER = End("service", Reference("svc/serverless.yml#WorkerLambdaFunction"))
ORDERS = "resources: {Resources: {Orders: {Type: AWS::SQS::Queue}}}\n"


class TestFunctions:
    def test_a_function_is_a_service_with_the_environment_of_the_provider(self) -> None:
        found = facts({
            "svc/serverless.yml": """
                service: shop
                provider: {name: aws, stage: live, timeout: 20, environment: {STAGE: "${sls:stage}", QUEUE_URL: none}}
                functions:
                  send-mail: {handler: src/mail.send, environment: {QUEUE_URL: !Ref Orders, MAIL_PASSWORD: hunter2}}
                resources: {Resources: {Orders: {Type: AWS::SQS::Queue}}}
                """
        })  # fmt: skip
        (fact,) = found.services
        assert fact.key == "svc/serverless.yml#SendDashmailLambdaFunction"
        assert (fact.name, fact.handler, fact.roots) == ("send-mail", "src/mail.send", ("svc",))
        assert fact.properties["function_name"] == "shop-live-send-mail"
        assert fact.properties["timeout"] == 20
        assert fact.environment["STAGE"].value == Text("live")
        assert fact.environment["QUEUE_URL"].value == Reference("svc/serverless.yml#Orders", "ref")
        assert "hunter2" not in repr(found)

    def test_functions_may_be_a_list_and_stand_in_other_files(self) -> None:
        found = service(
            "functions:\n  - a: {handler: a.run}\n  - ${file(functions.yml)}\n",
            functions__yml="b:\n  handler: b.run\n  events: [{sqs: 'arn:aws:sqs:r:1:orders'}]\n",
        )
        assert [(one.name, one.place.path) for one in found.services] == [
            ("a", "svc/serverless.yml"),
            ("b", "svc/functions.yml"),
        ]
        assert (found.links[0].place.path, found.links[0].place.line) == ("svc/functions.yml", 3)

    def test_the_role_tells_what_all_functions_may_do(self) -> None:
        found = facts({
            "svc/serverless.yml": """
                service: shop
                provider:
                  iam: {role: {statements: [{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Orders.Arn}]}}
                functions: {worker: {handler: a.run}}
                resources: {Resources: {Orders: {Type: AWS::SQS::Queue}}}
                """
        })  # fmt: skip
        assert [(one.role, one.channel) for one in found.hints] == [("produce", end("sqs", "Orders"))]


class TestEvents:
    @pytest.mark.parametrize(
        ("event", "source"),
        [
            ("sqs: !GetAtt Orders.Arn", end("sqs", "Orders")),
            ("sqs: {arn: !GetAtt Orders.Arn, batchSize: 3}", end("sqs", "Orders")),
            ("sqs: 'arn:aws:sqs:eu-west-1:123:orders'", End("sqs", Text("orders"))),
            ("sns: announcements", end("sns", "SNSTopicAnnouncements", "ref")),
            ("sns: {arn: 'arn:aws:sns:eu-west-1:123:events', topicName: events}", End("sns", Text("events"))),
            ("stream: {type: kinesis, arn: 'arn:aws:kinesis:r:1:stream/clicks'}", End("kinesis", Text("clicks"))),
            ("stream: 'arn:aws:dynamodb:r:1:table/T/stream/x'", End("external", Text("dynamodb:table/T/stream/x"))),
            ("msk: {arn: 'arn:aws:kafka:r:1:cluster/c/d', topic: orders}", End("kafka", Text("orders"))),
            (
                "kafka: {bootstrapServers: [b:9092], topic: orders, accessConfigurations: {}}",
                End("kafka", Text("orders")),
            ),
            ("eventBridge: {pattern: {source: [x]}}", End("eventbridge", Text("default"))),
            ("eventBridge: {eventBus: shop, pattern: {source: [x]}}", end("eventbridge", "ShopEventBus", "ref")),
            (
                "eventBridge: {eventBus: 'arn:aws:events:r:1:event-bus/shop', pattern: {source: [x]}}",
                End("eventbridge", Text("shop")),
            ),
            ("cloudwatchEvent: {event: {source: [aws.ec2]}}", End("eventbridge", Text("default"))),
            ("schedule: rate(1 hour)", End("external", Text("schedule:rate(1 hour)"))),
            (
                "schedule: {rate: ['cron(0 4 * * ? *)'], enabled: true}",
                End("external", Text("schedule:cron(0 4 * * ? *)")),
            ),
            ("s3: uploads", End("external", Text("s3:uploads"))),
            ("s3: {bucket: uploads, existing: true}", End("external", Text("s3:uploads"))),
        ],
    )
    def test_an_event_leads_to_the_function(self, event: str, source: End) -> None:
        found = service(f"functions:\n  worker:\n    handler: a.run\n    events:\n      - {event}\n{ORDERS}")
        (link,) = found.links
        assert (link.source, link.target) == (source, WORKER)
        assert link.place.line == 7

    STAGES = """
        custom: {orders: {live: "arn:aws:sqs:eu-west-1:1:live-orders", test: "arn:aws:sqs:eu-west-1:1:test-orders"}}
        functions: {worker: {handler: w.run, events: [{sqs: {arn: "${self:custom.orders.${opt:stage, 'dev'}}"}}]}}
        """

    def test_a_stage_that_is_not_told_may_be_any_of_the_table(self) -> None:
        (link,) = service(self.STAGES).links
        assert link.source == End("sqs", Choice((Text("live-orders"), Text("test-orders"))))

    def test_a_stage_that_the_table_has_is_that_one(self) -> None:
        (link,) = service(self.STAGES.replace("'dev'", "'live'")).links
        assert link.source == End("sqs", Text("live-orders"))

    def test_a_stream_of_a_table_by_stage_is_no_kinesis(self) -> None:
        body = self.STAGES.replace("{sqs:", "{stream:").replace(":sqs:eu-west-1:1:", ":dynamodb:eu-west-1:1:table/")
        assert {link.source.system for link in service(body).links} == {"external"}

    def test_a_plain_name_makes_a_topic(self) -> None:
        found = service("functions: {worker: {handler: a.run, events: [{sns: announcements}]}}")
        assert [(one.system, one.name) for one in found.channels] == [("sns", Text("announcements"))]

    def test_settings_have_the_shared_names(self) -> None:
        event = "{arn: !GetAtt Orders.Arn, batchSize: 3, maximumBatchingWindow: 60, functionResponseType: ReportBatchItemFailures, maximumConcurrency: 4, enabled: false}"
        found = service(f"functions: {{worker: {{handler: a.run, events: [{{sqs: {event}}}]}}}}\n{ORDERS}")
        assert found.links[0].properties == {
            "batch_size": 3,
            "batch_window": 60,
            "enabled": False,
            "response_types": ["ReportBatchItemFailures"],
            "max_concurrency": 4,
        }

    def test_where_failed_calls_go(self) -> None:
        found = service(
            f"functions: {{worker: {{handler: a.run, onError: 'arn:aws:sns:r:1:alerts', destinations: {{onSuccess: other}}}}, other: {{handler: b.run}}}}\n{ORDERS}"
        )
        assert {(one.kind, one.properties["on"], one.target) for one in found.links} == {
            ("destination", "failure", End("sns", Text("alerts"))),
            ("destination", "success", End("service", Reference("svc/serverless.yml#OtherLambdaFunction"))),
        }


class TestResources:
    def test_they_may_be_several_and_stand_in_other_files_and_are_read_once(self) -> None:
        found = service(
            """
            custom: {prefix: "${sls:stage}-shop"}
            functions: {worker: {handler: a.run, events: [{sqs: !GetAtt Orders.Arn}]}}
            resources:
              - ${file(./queues.yml)}
              - Resources: {Audit: {Type: AWS::SQS::Queue, Properties: {QueueName: "${self:custom.prefix}-audit"}}}
            """,
            queues__yml="Resources:\n  Orders:\n    Type: AWS::SQS::Queue\n    Properties: {QueueName: '${self:custom.prefix}-orders'}\n",
        )
        assert [(one.name, one.place.path) for one in found.channels] == [
            (Text("dev-shop-orders"), "svc/queues.yml"),
            (Text("dev-shop-audit"), "svc/serverless.yml"),
        ]
        assert found.links[0].source == end("sqs", "Orders")

    def test_a_queue_construct_is_queue_dead_letters_and_worker(self) -> None:
        found = service("""
            constructs: {jobs: {type: queue, maxRetries: 5, worker: {handler: jobs.run}}}
            functions: {api: {handler: a.run, environment: {JOBS_QUEUE: "${construct:jobs.queueUrl}"}}}
            """)
        assert {one.kind for one in found.links} == {"redrive", "event_source_mapping"}
        assert next(one for one in found.links if one.kind == "redrive").properties == {"max_receive_count": 5}
        api = next(one for one in found.services if one.name == "api")
        assert api.environment["JOBS_QUEUE"].value == Reference("svc/serverless.yml#jobsQueue", "ref")


class TestVariables:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("${self:custom.queue}", Text("orders-dev")),
            ("${opt:stage, 'test'}-x", Text("test-x")),
            ("${opt:stage, self:custom.fallback}", Text("else")),
            ("${self:custom.${self:custom.which}}", Text("orders-dev")),
            ("${file(more.yml):a.b}", Text("deep")),
            ("${param:size}", Text("large")),
            ("${env:NAME}-orders", Concat((Hole("AWS::envNAME"), Text("-orders")))),
            ("orders-#{AWS::Region}", Concat((Text("orders-"), Hole("AWS::Region")))),
            ("${self:custom.round}", Hole("AWS::selfcustomround")),
            ("${Plain}-x", Text("${Plain}-x")),
        ],
    )
    def test_a_variable_gives(self, text: str, expected: object) -> None:
        found = service(
            f"""
            custom: {{queue: "orders-${{sls:stage}}", fallback: else, which: queue, round: "${{self:custom.trip}}", trip: "${{self:custom.round}}"}}
            params: {{default: {{size: large}}}}
            resources: {{Resources: {{Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: "{text}"}}}}}}}}
            functions: {{}}
            """,
            more__yml="a: {b: deep}\n# ${self:custom.x}\n",
        )
        assert found.channels[0].name == expected

    @given(st.text(alphabet="${}:,.()'selfopt ab#", max_size=30))
    @settings(max_examples=300, deadline=None)
    def test_any_text_is_resolved(self, text: str) -> None:
        document = documents("self: {a: '${self:a}', b: x}\nopt: ['${self:opt}']")[0]
        node = documents("'x'")[0]
        Variables(document, "", {}).resolved(replace(node, text=text))


class TestBadInput:
    def test_a_broken_service_costs_only_itself(self) -> None:
        good = "service: b\nprovider: {name: aws}\nfunctions: {b: {handler: b.run}}\n"
        found = facts({"a/serverless.yml": "service: a\n  functions: [", "b/serverless.yml": good})
        assert [one.name for one in found.services] == ["b"]
        assert [one.path for one in found.diagnostics] == ["a/serverless.yml"]

    def test_other_configurations_that_are_broken_are_nobodys_business(self) -> None:
        assert facts({"config/app.yml": "a: [\n"}) == ManifestFacts()

    @pytest.mark.parametrize(
        "body",
        [
            "functions: 5\n",
            "functions: [1, [2], {a: 3}]\n",
            "functions: {a: {handler: [], events: {a: b}, environment: x}}\n",
            "functions: {a: {events: [sqs, {sqs: }, {sns: [1]}, {stream: {}}, {eventBridge: }, {schedule: }, {s3: {}}, {cloudwatchEvent: []}]}}\n",
            "functions: ${file(missing.yml)}\nresources: ${file(also.yml)}\n",
            "functions: ${self:functions}\nresources: ${self:}\n",
            "constructs: {a: {type: queue}, b: }\nfunctions: {}\n",
        ],
    )
    def test_nonsense_inside_a_service_is_no_accident(self, body: str) -> None:
        assert not service(body).diagnostics

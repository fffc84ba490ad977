"""Infrastructure written in Python: AWS CDK and Pulumi programs are read with the code that they deploy."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import pytest

from brokerlint.facts import Channel, Facts, Service
from brokerlint.pipeline import analyse_sources

CDK = """
import json
import os
import aws_cdk as cdk
from aws_cdk import (
    App, CfnOutput, Duration, Stack, aws_apigateway as apigateway, aws_cloudwatch as cloudwatch, aws_ecs as ecs,
    aws_ecs_patterns as patterns, aws_events as events, aws_events_targets as targets, aws_iam as iam,
    aws_kinesis as kinesis, aws_lambda as lambda_, aws_lambda_destinations as destinations,
    aws_lambda_event_sources as sources, aws_pipes as pipes, aws_s3 as s3, aws_s3_notifications as notifications,
    aws_sns as sns, aws_sns_subscriptions as subscriptions, aws_sqs as sqs, aws_ssm as ssm,
)
from aws_cdk.aws_lambda_python_alpha import PythonFunction
from aws_solutions_constructs.aws_lambda_sqs import LambdaToSqs
from aws_solutions_constructs.aws_sqs_lambda import SqsToLambda
from constructs import Construct
"""

SENDER = """
import os
import boto3

sqs = boto3.client("sqs")

def handler(event, context):
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody="x")
"""

RECEIVER = """
def handler(event, context):
    for record in event["Records"]:
        print(record["body"])
"""


def stack(body: str, files: Mapping[str, str] | None = None) -> Facts:
    """The facts of a CDK application with one stack whose constructor runs ``body``."""
    lines = textwrap.indent(textwrap.dedent(body), " " * 8)
    code = (
        f"{CDK}\nclass Shop(Stack):\n    def __init__(self, scope, id):\n        super().__init__(scope, id)\n{lines}\n"
    )
    return analyse_sources({"cdk.json": "{}", "app.py": f"{code}\n\nShop(App(), 'Shop')\n", **(files or {})})


def channels(facts: Facts) -> dict[str, Channel]:
    """The channels of a system by name, or by logical id."""
    return {one.name.text or one.name.logical or "?": one for one in facts.channels}


def services(facts: Facts) -> dict[str, Service]:
    return {one.name: one for one in facts.services}


def links(facts: Facts, kind: str) -> list[tuple[str, str]]:
    """Source and target of the links of a kind, without the files of logical ids."""
    return [(short(one.source), short(one.target)) for one in facts.links if one.kind == kind]


def properties(facts: Facts, kind: str) -> Mapping[str, Any]:
    """The properties of the only link of a kind."""
    (found,) = (one for one in facts.links if one.kind == kind)
    return found.properties


def short(end: str) -> str:
    system, _, name = end.partition(":")
    return f"{system}:{name.rpartition('#')[2]}"


def uses(facts: Facts) -> list[tuple[str, str, list[str], tuple[str, ...]]]:
    """(file, role, channels, services) of each endpoint."""
    found = [
        (one.place.path, one.role, sorted(short(channel.id) for channel in one.channels), one.services)
        for one in facts.endpoints
    ]
    return sorted(found)


class TestPrefilter:
    def test_files_that_use_no_construct_library_declare_nothing(self) -> None:
        facts = analyse_sources({"queues.py": "class sqs:\n    def Queue(self, name): ...\n\nsqs().Queue('Orders')\n"})
        assert facts.channels == ()

    def test_tests_of_stacks_deploy_nothing(self) -> None:
        code = f"{CDK}\nsqs.Queue(Stack(App(), 'S'), 'Orders')\n"
        assert analyse_sources({"tests/test_stack.py": code}).channels == ()

    def test_a_broken_stack_is_one_diagnostic(self) -> None:
        facts = analyse_sources({"stack.py": "import aws_cdk\nclass (:\n"})
        assert [one.path for one in facts.diagnostics] == ["stack.py"]


class TestChannels:
    def test_a_construct_is_named_by_its_id(self) -> None:
        facts = stack('sqs.Queue(self, "Orders")')
        (queue,) = facts.channels
        assert (queue.system, queue.kind, queue.name.kind, queue.name.logical) == ("sqs", "queue", "logical", "Orders")
        assert queue.declared_at[0].path == "app.py"

    def test_by_its_physical_name_where_it_has_one(self) -> None:
        facts = stack("""
            sqs.Queue(scope=self, id="Orders", queue_name="shop-orders")
            sns.Topic(self, "News", topic_name="shop-news")
            kinesis.Stream(self, "Clicks", stream_name="shop-clicks")
            events.EventBus(self, "Bus", event_bus_name="shop-bus")
        """)
        assert list(channels(facts)) == ["shop-orders", "shop-news", "shop-clicks", "shop-bus"]

    def test_properties_have_the_units_of_the_platform(self) -> None:
        facts = stack("""
            dead = sqs.Queue(self, "Dead", retention_period=Duration.days(14))
            sqs.Queue(self, "Orders", visibility_timeout=Duration.minutes(2), delivery_delay=Duration.seconds(5),
                      receive_message_wait_time=Duration.seconds(20), fifo=True, content_based_deduplication=True,
                      encryption=sqs.QueueEncryption.KMS_MANAGED,
                      dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=4, queue=dead))
            kinesis.Stream(self, "Clicks", shard_count=2, retention_period=Duration.days(2))
        """)
        found = channels(facts)
        assert found["Dead"].properties["retention"] == 14 * 86400
        orders = found["Orders"].properties
        assert {key: orders[key] for key in ("visibility_timeout", "delay", "wait_time", "fifo", "encrypted")} == {
            "visibility_timeout": 120, "delay": 5, "wait_time": 20, "fifo": True, "encrypted": True,
        }  # fmt: skip
        assert orders["max_receive_count"] == 4
        assert orders["dead_letter"] == "sqs:app.py#Dead"
        assert links(facts, "redrive") == [("sqs:Orders", "sqs:Dead")]
        assert (found["Clicks"].properties["shards"], found["Clicks"].properties["retention"]) == (2, 2 * 86400)

    def test_what_is_not_written_is_the_platforms_default(self) -> None:
        (queue,) = stack('sqs.Queue(self, "Orders")').channels
        assert queue.properties["visibility_timeout"] == 30
        assert "visibility_timeout" in queue.defaulted

    def test_resources_of_cloudformation_itself_and_overrides(self) -> None:
        facts = stack("""
            sqs.CfnQueue(self, "Raw", queue_name="raw", visibility_timeout=10,
                         redrive_policy={"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:dead", "maxReceiveCount": 5})
            orders = sqs.Queue(self, "Orders")
            orders.node.default_child.add_property_override("VisibilityTimeout", 77)
        """)
        assert channels(facts)["raw"].properties["visibility_timeout"] == 10
        assert channels(facts)["Orders"].properties["visibility_timeout"] == 77
        assert links(facts, "redrive") == [("sqs:raw", "sqs:dead")]

    def test_alarms_outputs_and_parameters_are_about_the_channel(self) -> None:
        facts = stack("""
            orders = sqs.Queue(self, "Orders")
            age = orders.metric_approximate_age_of_oldest_message()
            age.create_alarm(self, "Old", threshold=1, evaluation_periods=1)
            cloudwatch.Alarm(self, "Many", metric=cloudwatch.Metric(metric_name="ApproximateNumberOfMessagesVisible",
                namespace="AWS/SQS", dimensions_map={"QueueName": orders.queue_name}), threshold=1)
            CfnOutput(self, "Url", value=orders.queue_url)
            ssm.StringParameter(self, "Parameter", parameter_name="/shop/orders", string_value=orders.queue_url)
        """)
        found = channels(facts)["Orders"].properties
        assert {one["metric"] for one in found["alarms"]} == {
            "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible",
        }  # fmt: skip
        assert found["exported"] is True
        assert found["ssm_parameters"] == ["/shop/orders"]

    def test_the_first_version_of_the_library(self) -> None:
        facts = analyse_sources({"app.py": textwrap.dedent("""
            from aws_cdk import core
            import aws_cdk.aws_sqs as sqs

            class Shop(core.Stack):
                def __init__(self, scope: core.Construct, id: str) -> None:
                    super().__init__(scope, id)
                    sqs.Queue(self, "Orders", visibility_timeout=core.Duration.seconds(45))

            Shop(core.App(), "Shop")
        """)})  # fmt: skip
        assert channels(facts)["Orders"].properties["visibility_timeout"] == 45


class TestProgram:
    """The code is followed as it would run."""

    def test_a_helper_makes_a_queue_for_each_call(self) -> None:
        facts = analyse_sources({"app.py": CDK + textwrap.dedent("""
            class Shop(Stack):
                def __init__(self, scope, construct_id, **kwargs):
                    super().__init__(scope, construct_id, **kwargs)
                    self.dead = sqs.Queue(self, "Dead")
                    self.orders = self.queue("Orders", 60)
                    self.bills = self.queue("Bills", 90)

                def queue(self, name, timeout):
                    return sqs.Queue(self, f"{name}Queue", visibility_timeout=Duration.seconds(timeout),
                                     dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead, max_receive_count=3))

            Shop(App(), "Shop")
        """)})  # fmt: skip
        found = channels(facts)
        assert {name: one.properties["visibility_timeout"] for name, one in found.items()} == {
            "Dead": 30, "OrdersQueue": 60, "BillsQueue": 90,
        }  # fmt: skip
        assert links(facts, "redrive") == [("sqs:OrdersQueue", "sqs:Dead"), ("sqs:BillsQueue", "sqs:Dead")]

    def test_turns_of_a_loop_are_told_apart(self) -> None:
        facts = stack("""
            for name in ["red", "blue"]:
                queue = sqs.Queue(self, f"{name}-queue")
                worker = lambda_.Function(self, f"{name}-worker", handler=f"{name}.handler",
                                          code=lambda_.Code.from_asset("src"), runtime=lambda_.Runtime.PYTHON_3_12)
                worker.add_event_source(sources.SqsEventSource(queue))
        """, {"src/red.py": RECEIVER, "src/blue.py": RECEIVER})  # fmt: skip
        assert uses(facts) == [
            ("src/blue.py", "consume", ["sqs:blue-queue"], ("blue-worker",)),
            ("src/red.py", "consume", ["sqs:red-queue"], ("red-worker",)),
        ]

    def test_objects_go_from_stack_to_stack(self) -> None:
        facts = analyse_sources({
            "cdk.json": "{}",
            "app.py": textwrap.dedent("""
                import aws_cdk as cdk
                from infra.queues import Queues
                from infra.workers import Workers

                app = cdk.App()
                queues = Queues(app, "Queues")
                Workers(app, "Workers", orders=queues.orders)
            """),
            "infra/queues.py": CDK + textwrap.dedent("""
                class Queues(Stack):
                    def __init__(self, scope, construct_id):
                        super().__init__(scope, construct_id)
                        self.orders = sqs.Queue(self, "Orders")
            """),
            "infra/workers.py": CDK + textwrap.dedent("""
                HERE = os.path.dirname(__file__)

                class Workers(Stack):
                    def __init__(self, scope, construct_id, *, orders: sqs.IQueue):
                        super().__init__(scope, construct_id)
                        worker = lambda_.Function(self, "Worker", handler="worker.handler",
                            code=lambda_.Code.from_asset(os.path.join(HERE, "..", "src")),
                            runtime=lambda_.Runtime.PYTHON_3_12)
                        worker.add_event_source(sources.SqsEventSource(orders, batch_size=7))
            """),
            "src/worker.py": RECEIVER,
        })  # fmt: skip
        assert uses(facts) == [("src/worker.py", "consume", ["sqs:Orders"], ("Worker",))]
        assert channels(facts)["Orders"].name.scope == "infra/queues.py"

    def test_a_pattern_that_is_used_twice_has_two_queues(self) -> None:
        facts = analyse_sources({"app.py": CDK + textwrap.dedent("""
            class Subscriber(Construct):
                def __init__(self, scope, id, topic):
                    super().__init__(scope, id)
                    topic.add_subscription(subscriptions.SqsSubscription(sqs.Queue(self, "Queue")))

            class Shop(Stack):
                def __init__(self, scope, id):
                    super().__init__(scope, id)
                    news = sns.Topic(self, "News")
                    Subscriber(self, "Mail", news)
                    Subscriber(self, "Sms", news)

            Shop(App(), "Shop")
        """)})  # fmt: skip
        assert links(facts, "subscription") == [("sns:News", "sqs:Mail.Queue"), ("sns:News", "sqs:Sms.Queue")]

    def test_environments_of_a_stack_keep_the_names(self) -> None:
        facts = analyse_sources({"app.py": CDK + textwrap.dedent("""
            class Shop(Stack):
                def __init__(self, scope, id, seconds):
                    super().__init__(scope, id)
                    sqs.Queue(self, "Orders", visibility_timeout=Duration.seconds(seconds))

            app = App()
            Shop(app, "DevShop", 10)
            Shop(app, "ProdShop", 20)
        """)})  # fmt: skip
        found = {one.environment: (one.name.logical, one.properties["visibility_timeout"]) for one in facts.channels}
        assert found == {"dev": ("Orders", 10), "prod": ("Orders", 20)}

    def test_a_class_that_hands_its_arguments_on_to_one_that_derives_from_a_construct(self) -> None:
        code = textwrap.dedent("""
            class Code(lambda_.Function):
                def __init__(self, scope, id, entry, **more):
                    super().__init__(
                        scope, id, handler="send.handler", code=lambda_.Code.from_asset(entry),
                        runtime=lambda_.Runtime.PYTHON_3_12, **more
                    )
            class Step:
                class Make(Code):
                    def __init__(self, scope, id, **arguments):
                        super().__init__(scope, id, **arguments)
                def __init__(self, scope, id, entry):
                    self.function = self.Make(scope, f"{id}Fn", entry=entry)
            class Shop(Stack):
                def __init__(self, scope, id):
                    super().__init__(scope, id)
                    Step(self, "Bill", "bills")
            Shop(App(), "Shop")
            """)
        mails = "def handler(event, context):\n    pass\n"
        facts = analyse_sources({
            "cdk.json": "{}", "app.py": CDK + code, "bills/send.py": SENDER, "mails/send.py": mails,
        })  # fmt: skip
        assert [(one.place.path, one.services) for one in facts.endpoints] == [("bills/send.py", ("BillFn",))]

    def test_a_construct_is_called_as_its_own_arguments_say(self) -> None:
        code = textwrap.dedent("""
            class Step(Construct):
                def __init__(self, scope, id, nightly: bool = False):
                    super().__init__(scope, id)
                    if nightly:
                        name = "Nightly"
                    else:
                        name = "Daily"
                    self.queue = sqs.Queue(self, name)
            class Shop(Stack):
                def __init__(self, scope, id):
                    super().__init__(scope, id)
                    Step(self, "A", nightly=True)
                    Step(self, "B")
            Shop(App(), "Shop")
            """)
        facts = analyse_sources({"cdk.json": "{}", "app.py": CDK + code})
        assert sorted(one.name.logical or "" for one in facts.channels) == ["Daily", "Nightly"]

    def test_a_class_that_derives_from_a_construct(self) -> None:
        facts = stack("""
            class SlowQueue(sqs.Queue):
                def __init__(self, scope, id):
                    super().__init__(scope, id, visibility_timeout=Duration.minutes(10))

            slow = SlowQueue(self, "Slow")
            topic = sns.Topic(self, "News")
            topic.add_subscription(subscriptions.SqsSubscription(slow))
        """)
        assert channels(facts)["Slow"].properties["visibility_timeout"] == 600
        assert links(facts, "subscription") == [("sns:News", "sqs:Slow")]

    def test_a_template_that_the_code_has_written_declares_nothing_of_its_own(self) -> None:
        template = (
            "Resources:\n  Orders589E974E:\n    Type: AWS::SQS::Queue\n"
            "    Metadata:\n      aws:cdk:path: Shop/Orders/Resource\n"
        )
        own = {"template.yaml": template}
        assert list(channels(stack('sqs.Queue(self, "Orders")', own))) == ["Orders"]
        assert list(channels(stack("pass", own))) == ["Orders589E974E"]
        another = {"other/template.yaml": template, "other/cdk.json": "{}"}
        assert set(channels(stack('sqs.Queue(self, "Orders")', another))) == {"Orders", "Orders589E974E"}

    def test_a_stack_that_nothing_makes_is_read_all_the_same(self) -> None:
        code = f"{CDK}\nclass Shop(Stack):\n    def __init__(self, scope, id):\n        sqs.Queue(self, 'Orders')\n"
        assert list(channels(analyse_sources({"shop/stack.py": code}))) == ["Orders"]

    def test_recursion_ends(self) -> None:
        code = (
            f"{CDK}\ndef more(scope, n):\n    sqs.Queue(scope, f'Q{{n}}')\n    more(scope, n + 1)\n\nmore(App(), 0)\n"
        )
        assert len(analyse_sources({"app.py": code}).channels) < 5

    @pytest.mark.parametrize(
        "line",
        [
            "sqs.Queue()",
            "sqs.Queue(self, sqs.Queue, queue_name=sqs, dead_letter_queue=1)",
            "lambda_.Function(self, 'F', handler=None, code=lambda_.Code.from_asset(None))",
            "lambda_.Function(self, 'F', timeout=Duration.seconds('x'))",
            "lambda_.Function(self, 'F', environment=1).add_environment()",
            "lambda_.Function(self, 'F').add_event_source(1)",
            "sqs.Queue(self, 'Q').grant_send_messages()",
            "sqs.Queue(self, 'Q').node.default_child.add_property_override('A..B', 1)",
            "events.Rule(self, 'R', targets=[1, None]).add_target(unknown)",
        ],
    )
    def test_odd_calls_are_no_error(self, line: str) -> None:
        facts = stack(f"sqs.Queue(self, 'Orders')\n{line}\n")
        assert facts.diagnostics == ()
        assert "Orders" in channels(facts)


class TestFunctions:
    def test_variables_name_the_channels_of_the_code(self) -> None:
        facts = stack("""
            orders = sqs.Queue(self, "Orders")
            lambda_.Function(self, "Checkout", handler="send.handler", code=lambda_.Code.from_asset("src/checkout"),
                runtime=lambda_.Runtime.PYTHON_3_12, timeout=Duration.minutes(1), reserved_concurrent_executions=3,
                environment={"QUEUE_URL": orders.queue_url})
        """, {"src/checkout/send.py": SENDER})  # fmt: skip
        assert uses(facts) == [("src/checkout/send.py", "produce", ["sqs:Orders"], ("Checkout",))]
        checkout = services(facts)["Checkout"]
        assert checkout.platform == "lambda"
        assert "src/checkout" in checkout.roots
        assert {**checkout.properties, "runtime": "python3.12", "timeout": 60, "reserved_concurrency": 3} == (
            checkout.properties
        )

    def test_variables_that_are_added_later(self) -> None:
        facts = stack("""
            checkout = lambda_.Function(self, "Checkout", handler="send.handler", code=lambda_.Code.from_asset("src"))
            checkout.add_environment("QUEUE_URL", sqs.Queue(self, "Orders").queue_url)
        """, {"src/send.py": SENDER})  # fmt: skip
        assert uses(facts) == [("src/send.py", "produce", ["sqs:Orders"], ("Checkout",))]

    def test_the_parameter_store_of_the_program(self) -> None:
        facts = stack("""
            orders = sqs.Queue(self, "Orders")
            ssm.StringParameter(self, "P", parameter_name="/shop/orders", string_value=orders.queue_url)
            url = ssm.StringParameter.value_for_string_parameter(self, "/shop/orders")
            lambda_.Function(self, "Checkout", handler="send.handler", code=lambda_.Code.from_asset("src"),
                             environment={"QUEUE_URL": url})
        """, {"src/send.py": SENDER})  # fmt: skip
        assert uses(facts) == [("src/send.py", "produce", ["sqs:Orders"], ("Checkout",))]

    @pytest.mark.parametrize(
        ("function", "file"),
        [
            ('PythonFunction(self, "F", entry="src", index="main.py", handler="handler")', "src/main.py"),
            ('PythonFunction(self, "F", entry="src")', "src/index.py"),
            ('lambda_.Function(self, "F", code=lambda_.AssetCode("src"), handler="a.b.handler")', "src/a/b.py"),
            (
                (
                    "lambda_.DockerImageFunction(self, 'F', "
                    "code=lambda_.DockerImageCode.from_image_asset('img', cmd=['m.handler']))"
                ),
                "img/m.py",
            ),
            (
                (
                    "lambda_.Function(self, 'F', handler='index.handler', "
                    "code=lambda_.InlineCode(open('worker.py').read()))"
                ),
                "worker.py",
            ),
        ],
    )
    def test_where_the_code_of_a_function_is(self, function: str, file: str) -> None:
        facts = stack(f"""
            worker = {function}
            worker.add_event_source(sources.SqsEventSource(sqs.Queue(self, "Orders")))
        """, {file: RECEIVER})  # fmt: skip
        assert uses(facts) == [(file, "consume", ["sqs:Orders"], ("F",))]

    @pytest.mark.parametrize(
        ("path", "root"),
        [
            ('"src/worker"', "infra/src/worker"),
            ('"./src/worker"', "infra/src/worker"),
            ('"src/worker.zip"', "infra/src/worker"),
            ('os.path.join(os.path.dirname(__file__), "..", "src", "worker")', "infra/src/worker"),
            ('str(pathlib.Path(__file__).parent.parent.joinpath("src", "worker").resolve())', "infra/src/worker"),
            ("f\"src/{os.environ['NAME']}\"", None),
            ('"/opt/worker"', None),
        ],
    )
    def test_paths_are_meant_from_the_project_or_the_file(self, path: str, root: str | None) -> None:
        function = (
            f"lambda_.Function(Stack(App(), 'S'), 'F', code=lambda_.Code.from_asset({path}), handler='m.handler')"
        )
        facts = analyse_sources({
            "infra/cdk.json": "{}",
            "infra/stacks/stack.py": f"import pathlib\n{CDK}\n{function}\n",
            "infra/src/worker/m.py": RECEIVER,
            "src/worker/m.py": RECEIVER,
        })  # fmt: skip
        known = {"infra/src/worker"} & set(services(facts)["F"].roots)
        assert known == ({root} if root else set())

    def test_the_code_may_be_the_whole_project(self) -> None:
        body = (
            "class Packed(lambda_.Function):\n    def __init__(self, scope, id, *, folder):\n"
            "        super().__init__(scope, id, code=lambda_.Code.from_asset(path='.'),\n"
            "                         handler=f'{BACKEND}.{folder}.task.handler')\n\n"
            "stack = Stack(App(), 'S')\n"
            "Packed(stack, 'F', folder='mail').add_event_source(sources.SqsEventSource(sqs.Queue(stack, 'Orders')))\n"
        )
        facts = analyse_sources({
            "cdk.json": "{}",
            "infra/stacks/stack.py": f"{CDK}\nBACKEND = 'shop'\n\n{body}",
            "shop/mail/task.py": RECEIVER,
        })  # fmt: skip
        assert uses(facts) == [("shop/mail/task.py", "consume", ["sqs:Orders"], ("F",))]

    def test_an_images_command_is_its_dockerfiles(self) -> None:
        facts = stack("""
            worker = lambda_.DockerImageFunction(self, "F", code=lambda_.DockerImageCode.from_image_asset("img"))
            worker.add_event_source(sources.SqsEventSource(sqs.Queue(self, "Orders")))
        """, {"img/m.py": RECEIVER, "img/Dockerfile": 'FROM lambda/python\nCMD ["m.handler"]\n'})  # fmt: skip
        assert ("img/m.py", "consume", ["sqs:Orders"], ("F",)) in uses(facts)

    def test_code_inside_the_stack_is_no_file_of_the_tree(self) -> None:
        facts = stack("""
            worker = lambda_.Function(self, "F", code=lambda_.Code.from_inline("def handler(e, c): ..."),
                                      handler="index.handler")
            worker.add_event_source(sources.SqsEventSource(sqs.Queue(self, "Orders")))
        """, {"index.py": RECEIVER})  # fmt: skip
        assert uses(facts) == []
        assert links(facts, "event_source_mapping") == [("sqs:Orders", "service:F")]


class TestLinks:
    WORKER = 'worker = lambda_.Function(self, "Worker", code=lambda_.Code.from_asset("src"), handler="m.handler")\n'

    def linked(self, body: str) -> Facts:
        return stack(self.WORKER + textwrap.dedent(body))

    def test_event_sources(self) -> None:
        facts = self.linked("""
            worker.add_event_source(sources.SqsEventSource(sqs.Queue(self, "Orders"), batch_size=7,
                report_batch_item_failures=True, max_batching_window=Duration.seconds(3), max_concurrency=2))
        """)
        assert links(facts, "event_source_mapping") == [("sqs:Orders", "service:Worker")]
        assert properties(facts, "event_source_mapping") == {
            "batch_size": 7, "batch_window": 3, "max_concurrency": 2, "response_types": ["ReportBatchItemFailures"],
        }  # fmt: skip

    def test_streams_and_kafka(self) -> None:
        facts = self.linked("""
            start = lambda_.StartingPosition.TRIM_HORIZON
            dead = sqs.Queue(self, "Dead")
            worker.add_event_source(sources.KinesisEventSource(kinesis.Stream(self, "Clicks"), starting_position=start,
                retry_attempts=3, bisect_batch_on_error=True, on_failure=sources.SqsDlq(dead)))
            worker.add_event_source(sources.ManagedKafkaEventSource(cluster_arn="arn:aws:kafka:eu-west-1:1:cluster/c/1",
                topic="orders", consumer_group_id="billing", starting_position=start))
        """)
        assert links(facts, "event_source_mapping") == [
            ("kinesis:Clicks", "service:Worker"), ("kafka:orders", "service:Worker"),
        ]  # fmt: skip
        clicks, orders = (one.properties for one in facts.links if one.kind == "event_source_mapping")
        assert (clicks["starting_position"], clicks["max_retries"], clicks["bisect"]) == ("TRIM_HORIZON", 3, True)
        assert clicks["on_failure"] == "sqs:app.py#Dead"
        assert orders["group"] == "billing"

    @pytest.mark.parametrize(
        "mapping",
        [
            'lambda_.EventSourceMapping(self, "M", target=worker, event_source_arn=orders.queue_arn, batch_size=4)',
            'worker.add_event_source_mapping("M", event_source_arn=orders.queue_arn, batch_size=4)',
            (
                "lambda_.CfnEventSourceMapping(self, 'M', function_name=worker.function_arn, "
                "event_source_arn=orders.queue_arn, batch_size=4)"
            ),
            "worker.add_event_source(sources.SqsEventSource(orders, batch_size=4))",
        ],
    )
    def test_mappings_in_all_their_forms(self, mapping: str) -> None:
        facts = self.linked(f'orders = sqs.Queue(self, "Orders")\n{mapping}')
        assert links(facts, "event_source_mapping") == [("sqs:Orders", "service:Worker")]
        assert properties(facts, "event_source_mapping")["batch_size"] == 4

    def test_subscriptions(self) -> None:
        facts = self.linked("""
            news = sns.Topic(self, "News")
            news.add_subscription(subscriptions.SqsSubscription(sqs.Queue(self, "Mail"), raw_message_delivery=True,
                filter_policy={"kind": sns.SubscriptionFilter.string_filter(allowlist=["mail"])}))
            news.add_subscription(subscriptions.LambdaSubscription(worker))
            outside = sns.Topic.from_topic_arn(self, "X", "arn:aws:sns:eu-west-1:1:ext")
            worker.add_event_source(sources.SnsEventSource(outside))
            sns.Subscription(self, "Sub", topic=news, protocol=sns.SubscriptionProtocol.SQS,
                             endpoint=sqs.Queue(self, "Archive").queue_arn)
        """)
        assert sorted(links(facts, "subscription")) == [
            ("sns:News", "service:Worker"), ("sns:News", "sqs:Archive"), ("sns:News", "sqs:Mail"),
            ("sns:ext", "service:Worker"),
        ]  # fmt: skip
        mail = next(one.properties for one in facts.links if one.target.endswith("#Mail"))
        assert (mail["raw_delivery"], mail["filter_policy"]) == (True, {"kind": ["mail"]})

    def test_rules(self) -> None:
        facts = self.linked("""
            bus = events.EventBus(self, "Bus", event_bus_name="shop")
            dead = sqs.Queue(self, "Dead")
            rule = events.Rule(self, "Rule", event_bus=bus, targets=[targets.LambdaFunction(worker)],
                event_pattern=events.EventPattern(source=events.Match.prefix("shop"), detail_type=["OrderPlaced"]))
            rule.add_target(targets.SqsQueue(sqs.Queue(self, "Mail"), dead_letter_queue=dead, retry_attempts=2))
        """)
        assert links(facts, "rule") == [("eventbridge:shop", "service:Worker"), ("eventbridge:shop", "sqs:Mail")]
        mail = next(one.properties for one in facts.links if one.target.endswith("#Mail"))
        assert (mail["dead_letter"], mail["max_retries"]) == ("sqs:app.py#Dead", 2)
        assert mail["filters"] == [{"source": [{"prefix": "shop"}], "detail-type": ["OrderPlaced"]}]

    @pytest.mark.parametrize(
        ("schedule", "text"),
        [
            ("events.Schedule.rate(Duration.minutes(2))", "rate(2 minutes)"),
            ("events.Schedule.rate(Duration.days(1))", "rate(1 day)"),
            ('events.Schedule.cron(minute="0", hour="4")', "cron(0 4 * * ? *)"),
            ('events.Schedule.expression("rate(5 minutes)")', "rate(5 minutes)"),
        ],
    )
    def test_schedules(self, schedule: str, text: str) -> None:
        facts = self.linked(f"""
            events.Rule(self, "Often", schedule={schedule}).add_target(targets.LambdaFunction(worker))
        """)
        assert [(one.source, one.target) for one in facts.links] == [(f"external:schedule:{text}", "service:Worker")]

    def test_turns_of_a_loop_that_look_alike_are_one_schedule(self) -> None:
        facts = self.linked("""
            for minute, _ in [(5, "a"), (5, "b")]:
                rule = events.Rule(self, f"Rule{_}", schedule=events.Schedule.cron(minute=str(minute), hour="4"))
                rule.add_target(targets.LambdaFunction(worker))
        """)
        assert links(facts, "schedule") == [("external:schedule:cron(5 4 * * ? *)", "service:Worker")]

    def test_pipes(self) -> None:
        facts = self.linked("""
            pipes.CfnPipe(self, "Pipe", role_arn="x", enrichment=worker.function_arn,
                source=sqs.Queue(self, "In").queue_arn, target=sns.Topic(self, "Out").topic_arn,
                source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(sqs_queue_parameters={"batchSize": 4}))
        """)
        assert links(facts, "pipe") == [("sqs:In", "sns:Out")]
        assert properties(facts, "pipe") == {"batch_size": 4, "enrichment": "service:Worker"}

    def test_notifications_and_destinations(self) -> None:
        facts = self.linked("""
            files = sqs.Queue(self, "Files")
            inbox = s3.Bucket(self, "Inbox")
            inbox.add_event_notification(s3.EventType.OBJECT_CREATED, notifications.SqsDestination(files))
            worker.configure_async_invoke(on_failure=destinations.SqsDestination(sqs.Queue(self, "Failed")))
        """)
        assert links(facts, "notification") == [("external:s3:Inbox", "sqs:Files")]
        assert links(facts, "destination") == [("service:Worker", "sqs:Failed")]

    def test_destinations_of_a_function_itself(self) -> None:
        facts = stack("""
            bus = events.EventBus(self, "Bus", event_bus_name="shop")
            lambda_.Function(self, "Worker", code=lambda_.Code.from_asset("src"), handler="m.handler",
                on_success=destinations.EventBridgeDestination(event_bus=bus),
                on_failure=destinations.SqsDestination(sqs.Queue(self, "Failed")))
        """)
        assert set(links(facts, "destination")) == {
            ("service:Worker", "eventbridge:shop"), ("service:Worker", "sqs:Failed"),
        }  # fmt: skip

    def test_requests_that_an_api_hands_on(self) -> None:
        facts = self.linked("""
            api = apigateway.RestApi(self, "Api")
            to_queue = apigateway.AwsIntegration(service="sqs", path="1/orders")
            api.root.add_resource("orders").add_method("POST", to_queue)
        """)
        assert links(facts, "notification") == [("external:apigateway:Api", "sqs:orders")]


class TestContainers:
    POLLER = """
import os
import boto3

sqs = boto3.client("sqs")
while True:
    for message in sqs.receive_message(QueueUrl=os.environ["JOBS"])["Messages"]:
        print(message)
"""

    def test_containers_of_a_task_are_services(self) -> None:
        facts = stack("""
            task = ecs.FargateTaskDefinition(self, "Task")
            jobs, mails = sqs.Queue(self, "Jobs"), sqs.Queue(self, "Mails")
            first = task.add_container("worker", image=ecs.ContainerImage.from_asset("worker"))
            first.add_environment("JOBS", jobs.queue_url)
            task.add_container("mailer", image=ecs.ContainerImage.from_asset("./mailer"), command=["python", "mail.py"],
                               environment={"JOBS": mails.queue_url})
        """, {
            "worker/main.py": self.POLLER,
            "worker/Dockerfile": 'FROM python:3.12\nCOPY . /app\nWORKDIR /app\nCMD ["python", "main.py"]\n',
            "mailer/mail.py": self.POLLER,
        })  # fmt: skip
        assert uses(facts) == [
            ("mailer/mail.py", "consume", ["sqs:Mails"], ("mailer",)),
            ("worker/main.py", "consume", ["sqs:Jobs"], ("worker",)),
        ]

    def test_a_service_that_processes_a_queue_is_told_its_name(self) -> None:
        facts = stack("""
            patterns.QueueProcessingFargateService(self, "Given", image=ecs.ContainerImage.from_asset("given"),
                                                   queue=sqs.Queue(self, "Jobs"))
            patterns.QueueProcessingFargateService(self, "Own", image=ecs.ContainerImage.from_asset("own"))
        """, {f"{name}/run.py": self.POLLER.replace("JOBS", "QUEUE_NAME") for name in ("given", "own")})  # fmt: skip
        assert uses(facts) == [
            ("given/run.py", "consume", ["sqs:Jobs"], ("Given",)),
            ("own/run.py", "consume", ["sqs:Own.sqs_queue"], ("Own",)),
        ]


class TestPatterns:
    def test_parts_of_patterns_are_constructs(self) -> None:
        facts = stack("""
            out = LambdaToSqs(self, "Out", lambda_function_props=lambda_.FunctionProps(
                code=lambda_.Code.from_asset("send"), handler="send.handler"))
            SqsToLambda(self, "In", existing_queue_obj=out.sqs_queue, lambda_function_props={
                "code": lambda_.Code.from_asset("recv"), "handler": "recv.handler"})
        """, {"send/send.py": SENDER.replace('"QUEUE_URL"', '"SQS_QUEUE_URL"'),
              "recv/recv.py": RECEIVER})  # fmt: skip
        assert uses(facts) == [
            ("recv/recv.py", "consume", ["sqs:Out.sqs_queue"], ("In",)),
            ("send/send.py", "produce", ["sqs:Out.sqs_queue"], ("Out",)),
        ]
        assert links(facts, "redrive") == [("sqs:Out.sqs_queue", "sqs:Out.dead_letter_queue")]


class TestPulumi:
    HEAD = "import json\nimport pulumi\nimport pulumi_aws as aws\n"

    def program(self, body: str, files: Mapping[str, str] | None = None) -> Facts:
        code = self.HEAD + textwrap.dedent(body)
        return analyse_sources({"Pulumi.yaml": "name: shop\nruntime: python\n", "__main__.py": code, **(files or {})})

    def test_resources_by_their_names(self) -> None:
        facts = self.program("""
            aws.sqs.Queue("orders", visibility_timeout_seconds=60)
            aws.sqs.Queue("audit", name="audit-events")
            for colour in ["red", "blue"]:
                aws.kinesis.Stream(f"{colour}-stream", shard_count=2)
        """)
        assert list(channels(facts)) == ["orders", "audit-events", "red-stream", "blue-stream"]
        assert channels(facts)["orders"].properties["visibility_timeout"] == 60

    @pytest.mark.parametrize(
        "policy",
        [
            'json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 4})',
            'pulumi.Output.json_dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 4})',
            'dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 4}))',
            (
                "pulumi.Output.all(dead.arn, 4).apply("
                'lambda both: json.dumps({"deadLetterTargetArn": both[0], "maxReceiveCount": both[1]}))'
            ),
        ],
    )
    def test_outputs_inside_texts(self, policy: str) -> None:
        facts = self.program(f'dead = aws.sqs.Queue("dead")\naws.sqs.Queue("orders", redrive_policy={policy})\n')
        assert links(facts, "redrive") == [("sqs:orders", "sqs:dead")]
        assert channels(facts)["orders"].properties["max_receive_count"] == 4

    def test_functions_mappings_and_subscriptions(self) -> None:
        facts = self.program("""
            orders, audit = aws.sqs.Queue("orders"), aws.sqs.Queue("audit")
            news = aws.sns.Topic("news")
            aws.sns.TopicSubscription("s", topic=news.arn, protocol="sqs", endpoint=orders.arn)
            worker = aws.lambda_.Function("worker", handler="worker.handler", runtime="python3.12",
                code=pulumi.AssetArchive({".": pulumi.FileArchive("./app")}),
                environment=aws.lambda_.FunctionEnvironmentArgs(variables={"QUEUE_URL": audit.url}))
            aws.lambda_.EventSourceMapping("m", event_source_arn=orders.arn, function_name=worker.name, batch_size=5)
        """, {"app/worker.py": SENDER})  # fmt: skip
        assert uses(facts) == [
            ("app/worker.py", "consume", ["sqs:orders"], ("worker",)),
            ("app/worker.py", "produce", ["sqs:audit"], ("worker",)),
        ]
        assert links(facts, "subscription") == [("sns:news", "sqs:orders")]
        assert properties(facts, "event_source_mapping") == {"batch_size": 5}

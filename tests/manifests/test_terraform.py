"""Terraform configurations, from files to facts."""

# ruff: noqa: E501 -- configurations read best with one thing a line

from __future__ import annotations

import textwrap

import pytest

from brokerlint.manifests import registry
from brokerlint.manifests.facts import Choice, Concat, End, Hole, ManifestFacts, Reference, Text


def facts(files: dict[str, str]) -> ManifestFacts:
    texts = {path: textwrap.dedent(text).encode() for path, text in files.items()}
    return registry.read_all(texts, texts.__getitem__, texts)


def of(text: str) -> ManifestFacts:
    return facts({"infra/main.tf": text})


def end(system: str, address: str, attribute: str = "arn") -> End:
    return End(system, Reference(f"infra#{address}", attribute))


def name_of(expression: str, more: str = "") -> object:
    """The name of a queue that is given by an expression."""
    return of(f'resource "aws_sqs_queue" "q" {{\n  name = {expression}\n}}\n{textwrap.dedent(more)}').channels[0].name


class TestQueues:
    def test_properties_have_the_shared_names(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "orders" {
              name                       = "orders.fifo"
              fifo_queue                 = true
              visibility_timeout_seconds = 60
              message_retention_seconds  = 2 * 3600
            }
            """)
        (channel,) = found.channels
        assert (channel.key, channel.logical) == ("infra#aws_sqs_queue.orders", "orders")
        assert (channel.system, channel.name) == ("sqs", Text("orders.fifo"))
        assert channel.properties["visibility_timeout"] == 60
        assert channel.properties["retention"] == 7200
        assert channel.properties["fifo"] is True
        assert (channel.place.path, channel.place.line) == ("infra/main.tf", 2)

    @pytest.mark.parametrize(
        "policy",
        [
            "jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = var.tries })",
            '"{\\"deadLetterTargetArn\\":\\"${aws_sqs_queue.dead.arn}\\",\\"maxReceiveCount\\":${var.tries}}"',
            '<<EOF\n{"deadLetterTargetArn": "${aws_sqs_queue.dead.arn}", "maxReceiveCount": "${var.tries}"}\nEOF',
            "var.with_dead ? jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 4 }) : null",
        ],
        ids=["jsonencode", "text", "heredoc", "condition"],
    )
    def test_the_dead_letter_queue_is_a_link_and_a_property(self, policy: str) -> None:
        found = of(
            'variable "tries" { default = 4 }\nvariable "with_dead" { default = false }\n'
            'resource "aws_sqs_queue" "dead" {}\n'
            f'resource "aws_sqs_queue" "orders" {{\n  redrive_policy = {policy}\n}}\n'
        )
        (link,) = found.links
        assert (link.kind, link.source, link.target) == (
            "redrive", end("sqs", "aws_sqs_queue.orders", ""), end("sqs", "aws_sqs_queue.dead"),
        )  # fmt: skip
        assert link.properties == {"max_receive_count": 4}
        assert link.place.line == 5

    def test_a_redrive_policy_may_stand_alone(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "dead" { name = "dead" }
            resource "aws_sqs_queue" "orders" { name = "orders" }
            resource "aws_sqs_queue_redrive_policy" "orders" {
              queue_url      = aws_sqs_queue.orders.id
              redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 4 })
            }
            """)
        assert found.links[0].source == end("sqs", "aws_sqs_queue.orders", "id")

    def test_policies_are_told_of_the_queue(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "orders" {}
            data "aws_iam_policy_document" "p" {
              statement {
                actions   = ["sqs:SendMessage"]
                resources = [aws_sqs_queue.orders.arn]
                principals {
                  type        = "Service"
                  identifiers = ["sns.amazonaws.com"]
                }
              }
            }
            resource "aws_sqs_queue_policy" "p" {
              queue_url = aws_sqs_queue.orders.id
              policy    = data.aws_iam_policy_document.p.json
            }
            """)
        assert found.channels[0].properties["policy"] == [
            {
                "effect": "Allow",
                "principal": {"Service": ["sns.amazonaws.com"]},
                "actions": ["sqs:SendMessage"],
                "conditions": {},
            }
        ]

    def test_a_data_source_is_a_channel_that_others_declare(self) -> None:
        found = of('data "aws_sqs_queue" "orders" { name = "orders" }')
        assert found.channels[0].name == Text("orders")
        assert found.channels[0].defaulted == ()
        assert found.channels[0].properties == {"looked_up": True}

    MAPPING = """
        data "aws_sqs_queue" "orders" { name = NAME }
        data "aws_lambda_function" "bill" { function_name = var.bill_lambda }
        resource "aws_lambda_event_source_mapping" "m" {
          event_source_arn = data.aws_sqs_queue.orders.arn
          function_name    = data.aws_lambda_function.bill.arn
        }
        """
    CREATED = """
        resource "aws_sqs_queue" "waiting" { name = NAME }
        resource "aws_lambda_function" "worker" { function_name = var.bill_lambda }
        """

    def linked(self, name: str, *more: str) -> tuple[object, object]:
        stacks = {"link": self.MAPPING, **dict.fromkeys(("app", *more), self.CREATED)}
        variables = "".join(f'variable "{one}" {{}}\n' for one in "bill_lambda orders_queue queue_name stage".split())
        found = facts({f"{folder}/main.tf": text.replace("NAME", name) for folder, text in stacks.items()}
                      | {f"{folder}/variables.tf": variables for folder in stacks})  # fmt: skip
        (mapping,) = (one for one in found.links if one.kind == "event_source_mapping")
        return mapping.source.value, mapping.target.value

    @pytest.mark.parametrize("name", ['"orders"', "var.orders_queue", '"${var.stage}-orders"'])
    def test_what_one_stack_looks_up_is_what_another_creates_under_that_name(self, name: str) -> None:
        source, target = self.linked(name)
        assert source == Reference("app#aws_sqs_queue.waiting", "arn")
        assert target == Reference("app#aws_lambda_function.worker")

    def test_a_variable_that_any_stack_may_have_tells_nothing(self) -> None:
        assert self.linked("var.queue_name")[0] == Reference("link#data.aws_sqs_queue.orders", "arn")

    def test_two_stacks_that_create_it_tell_nothing(self) -> None:
        assert self.linked("var.orders_queue", "other")[0] == Reference("link#data.aws_sqs_queue.orders", "arn")


class TestNames:
    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ('"orders-${var.stage}"', Text("orders-dev")),
            ('"orders-${var.open}"', Concat((Text("orders-"), Hole("variable open")))),
            ('"${local.prefix}-orders"', Text("shop-dev-orders")),
            ('format("%s-%s", var.stage, "orders")', Text("dev-orders")),
            ('join("-", [var.stage, "orders"])', Text("dev-orders")),
            ('lower("Orders-${var.open}")', Concat((Text("orders-"), Hole("variable open")))),
            ('var.fifo ? "orders.fifo" : "orders"', Choice((Text("orders.fifo"), Text("orders")))),
            ('lookup(var.names, "orders", "none")', Text("the-orders")),
            ('var.names["orders"]', Text("the-orders")),
            ('try(var.names.missing, "other")', Text("other")),
            ("random_pet.name.id", Hole("random_pet.name.id")),
            ("terraform.workspace", Hole("terraform.workspace")),
            ("local.round", Hole("round, which is defined through itself")),
        ],
    )
    def test_an_expression_gives(self, expression: str, expected: object) -> None:
        more = """
            variable "stage" { default = "dev" }
            variable "open" {}
            variable "fifo" { default = false }
            variable "names" { default = { orders = "the-orders" } }
            locals {
              prefix = "shop-${var.stage}"
              round  = local.trip
              trip   = local.round
            }
            """
        assert name_of(expression, more) == expected

    def test_values_beside_the_configuration_win_over_defaults(self) -> None:
        found = facts({
            "main.tf": 'variable "stage" { default = "dev" }\nresource "aws_sqs_queue" "q" { name = "q-${var.stage}" }',
            "terraform.tfvars": 'stage = "live"\n',
            "other.tfvars": 'stage = "never"\n',
        })  # fmt: skip
        assert found.channels[0].name == Text("q-live")

    def test_a_called_module_makes_no_copies_of_what_it_is_not_given(self) -> None:
        found = facts({
            "main.tf": (
                'module "plain" {\n  source = "./queue"\n  name = "plain"\n}\n'
                'module "spare" {\n  source = "./queue"\n  name = "spare"\n  copies = 1\n  more = ["x"]\n}\n'
            ),
            "queue/main.tf": (
                'variable "name" {}\nvariable "copies" { default = 0 }\nvariable "more" { default = [] }\n'
                'resource "aws_sqs_queue" "q" { name = var.name }\n'
                'resource "aws_sqs_queue" "dlq" {\n  count = var.copies\n  name = "${var.name}-dlq"\n}\n'
                'resource "aws_sqs_queue" "more" {\n  for_each = toset(var.more)\n  name = "${var.name}-${each.key}"\n}\n'
            ),
        })  # fmt: skip
        assert {one.name for one in found.channels} == {
            Text(name) for name in ("plain", "spare", "spare-dlq", "spare-x")
        }

    def test_a_function_of_the_registry_has_no_source_unless_it_is_given_one(self) -> None:
        assert not of('module "f" {\n  source = "terraform-aws-modules/lambda/aws"\n  handler = "a.b"\n}').links

    def test_copies_by_for_each_and_count(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "each" {
              for_each = toset(["orders", "bills"])
              name     = "each-${each.key}"
            }
            resource "aws_sqs_queue" "two" {
              count = 2
              name  = "two-${count.index}"
            }
            resource "aws_sqs_queue" "maybe" {
              count = var.wanted ? 1 : 0
              name  = "maybe"
            }
            resource "aws_sqs_queue" "never" {
              count = 0
            }
            resource "aws_lambda_function" "f" {
              environment {
                variables = { ORDERS_QUEUE = aws_sqs_queue.each["orders"].url, QUEUE = aws_sqs_queue.maybe[0].url }
              }
            }
            """)
        assert [(one.logical, one.name) for one in found.channels] == [
            ("each[orders]", Text("each-orders")),
            ("each[bills]", Text("each-bills")),
            ("two[0]", Text("two-0")),
            ("two[1]", Text("two-1")),
            ("maybe", Text("maybe")),
        ]
        environment = found.services[0].environment
        assert environment["ORDERS_QUEUE"].value == Reference("infra#aws_sqs_queue.each[orders]", "url")
        assert environment["QUEUE"].value == Reference("infra#aws_sqs_queue.maybe", "url")


class TestModules:
    QUEUE = """
        variable "name" {}
        variable "suffix" { default = "queue" }
        resource "aws_sqs_queue" "this" { name = "${var.name}-${var.suffix}" }
        output "arn" { value = aws_sqs_queue.this.arn }
        """

    def test_a_module_is_deployed_as_often_as_it_is_called(self) -> None:
        found = facts({
            "live/main.tf": """
                module "orders" {
                  source = "../modules/queue"
                  name   = "orders"
                }
                module "bills" {
                  source = "../modules/queue"
                  name   = "bills"
                  suffix = "q"
                }
                resource "aws_lambda_function" "f" { function_name = "f" }
                resource "aws_lambda_event_source_mapping" "m" {
                  event_source_arn = module.bills.arn
                  function_name    = aws_lambda_function.f.arn
                }
                """,
            "modules/queue/main.tf": self.QUEUE,
        })  # fmt: skip
        assert [one.name for one in found.channels] == [Text("orders-queue"), Text("bills-q")]
        assert {one.place.path for one in found.channels} == {"modules/queue/main.tf"}
        assert found.links[0].source.value == Reference(found.channels[1].key, "arn")

    def test_two_modules_may_need_each_other(self) -> None:
        found = facts({
            "main.tf": """
                module "a" {
                  source = "./a"
                  other  = module.b.arn
                }
                module "b" {
                  source = "./b"
                  other  = module.a.arn
                }
                """,
            "a/main.tf": """
                variable "other" {}
                resource "aws_sns_topic" "t" { name = "t" }
                resource "aws_sns_topic_subscription" "s" {
                  topic_arn = aws_sns_topic.t.arn
                  protocol  = "sqs"
                  endpoint  = var.other
                }
                output "arn" { value = aws_sns_topic.t.arn }
                """,
            "b/main.tf": """
                variable "other" {}
                resource "aws_sqs_queue" "q" { name = "q" }
                output "arn" { value = aws_sqs_queue.q.arn }
                """,
        })  # fmt: skip
        (link,) = found.links
        assert (link.kind, link.target.value) == ("subscription", Reference("#module.b#aws_sqs_queue.q", "arn"))

    def test_modules_inside_each_other_without_end_stop(self) -> None:
        text = 'module "m" {\n  source = "../%s"\n  x = module.m.x\n}\nresource "aws_sqs_queue" "q" {}\noutput "x" { value = module.m.x }\n'
        found = facts({"a/main.tf": text % "b", "b/main.tf": text % "a"})
        assert 0 < len(found.channels) < 20
        assert not found.diagnostics

    def test_a_module_that_lacks_something_is_completed_by_the_directories_that_have_it(self) -> None:
        found = facts({
            "infra/main.tf": 'resource "aws_sqs_queue" "q" { name = "${local.product}-jobs" }',
            "infra/shop/shop.tf": 'locals { product = "shop" }',
            "infra/bank/bank.tf": 'locals { product = "bank" }',
            "infra/other/other.tf": 'locals { another = "x" }',
        })  # fmt: skip
        assert sorted(one.name.text for one in found.channels if isinstance(one.name, Text)) == [
            "bank-jobs",
            "shop-jobs",
        ]

    def test_modules_of_the_public_registry(self) -> None:
        found = of("""
            module "jobs" {
              source     = "terraform-aws-modules/sqs/aws"
              name       = "jobs"
              create_dlq = true
            }
            module "worker" {
              source        = "terraform-aws-modules/lambda/aws"
              function_name = "worker"
              handler       = "app.run"
              source_path   = "${path.module}/../src/worker"
              event_source_mapping = { jobs = { event_source_arn = module.jobs.queue_arn, batch_size = 2 } }
            }
            """)
        assert {one.logical: one.name for one in found.channels} == {
            "jobs.this": Text("jobs"),
            "jobs.dlq": Text("jobs-dlq"),
        }
        redrive, mapping = found.links
        assert (redrive.kind, redrive.properties, redrive.place.line) == ("redrive", {"max_receive_count": 5}, 2)
        assert mapping.properties == {"batch_size": 2}
        assert found.services[0].roots == ("src/worker",)

    @pytest.mark.parametrize(
        ("source", "queues"),
        [
            ("github.com/terraform-aws-modules/terraform-aws-sqs?ref=4f6e8a1", ["jobs"]),
            ("git::https://github.com/terraform-aws-modules/terraform-aws-sqs.git?ref=v4.2.0", ["jobs"]),
            ("git@github.com:terraform-aws-modules/terraform-aws-sqs.git", ["jobs"]),
            ("github.com/terraform-aws-modules/terraform-aws-rds", []),
            ("github.com/shop/terraform-aws-sqs", []),
        ],
    )
    def test_modules_of_the_public_registry_by_their_repository(self, source: str, queues: list[str]) -> None:
        found = of(f'module "jobs" {{\n  source = "{source}"\n  name = "jobs"\n}}')
        assert [one.name for one in found.channels] == [Text(name) for name in queues]

    def test_a_function_that_a_module_elsewhere_makes(self) -> None:
        found = of("""
            module "worker" {
              for_each              = toset(["mail", "bills"])
              source                = "github.com/shop/terraform-modules//lambda?ref=v10"
              name                  = "shop-${each.key}"
              environment_variables = { TOPIC = "orders" }
            }
            resource "aws_sqs_queue" "q" {}
            resource "aws_lambda_event_source_mapping" "m" {
              event_source_arn = aws_sqs_queue.q.arn
              function_name    = module.worker["mail"].function_arn
            }
            """)
        assert [one.name for one in found.services] == ["shop-mail", "shop-bills"]
        (link,) = found.links
        assert link.target == End("service", Reference(found.services[0].key))


class TestServices:
    def test_a_function_knows_its_code(self) -> None:
        found = of("""
            data "archive_file" "code" {
              type        = "zip"
              source_dir  = "${path.module}/../src"
              output_path = "x.zip"
            }
            resource "aws_lambda_function" "f" {
              function_name = "${var.env}-worker"
              handler       = "worker.run"
              filename      = data.archive_file.code.output_path
              timeout       = 30
            }
            """)
        (fact,) = found.services
        assert (fact.name, fact.handler, fact.roots, fact.properties["timeout"]) == (
            "worker",
            "worker.run",
            ("src",),
            30,
        )

    @pytest.mark.parametrize(
        "filename", ['"${path.module}/../build/mails.zip"', "data.local_file.code.filename"], ids=["path", "local_file"]
    )
    def test_a_function_knows_its_archive(self, filename: str) -> None:
        found = of(f"""
            data "local_file" "code" {{ filename = "${{path.module}}/../build/mails.zip" }}
            resource "aws_lambda_function" "f" {{
              handler  = "worker.run"
              filename = {filename}
            }}
            """)
        (fact,) = found.services
        assert fact.roots == ("build/mails.zip",)

    @pytest.mark.parametrize(
        "definitions",
        [
            'jsonencode([{ name = "web", image = "shop/web", environment = [{ name = "QUEUE_URL", value = aws_sqs_queue.q.url }] }])',
            '<<EOF\n[{"name": "web", "image": "shop/web", "cpu": ${var.cpu}, "environment": [{"name": "QUEUE_URL", "value": "${aws_sqs_queue.q.url}"}]}]\nEOF',
            'templatefile("${path.module}/web.json.tpl", { url = aws_sqs_queue.q.url })',
        ],
        ids=["jsonencode", "heredoc", "file"],
    )  # fmt: skip
    def test_containers_are_services(self, definitions: str) -> None:
        found = facts({
            "infra/main.tf": 'resource "aws_sqs_queue" "q" {}\nresource "aws_ecs_task_definition" "t" {\n'
            f'  family = "shop"\n  container_definitions = {definitions}\n}}\n',
            "infra/web.json.tpl": '[{"name": "web", "image": "shop/web", "cpu": ${cpu}, '
            '"environment": [{"name": "QUEUE_URL", "value": "${url}"}, {"name": "TOKEN", "value": "hunter2"}]}]',
        })  # fmt: skip
        (fact,) = found.services
        assert (fact.name, fact.platform, fact.image) == ("web", "ecs", "shop/web")
        assert fact.environment["QUEUE_URL"].value == Reference("infra#aws_sqs_queue.q", "url")

    def test_no_summary_holds_a_secret(self) -> None:
        summaries, _ = registry.read("main.tf", textwrap.dedent("""
            variable "db_password" { default = "hunter2" }
            locals { api_token = "hunter3" }
            resource "aws_db_instance" "db" { password = "hunter4" }
            resource "aws_lambda_function" "f" {
              environment { variables = { LIMIT = "hunter5", URL = "postgres://u:hunter6@h/db", TOPIC = "events" } }
            }
            """))  # fmt: skip
        assert "hunter" not in repr(summaries)
        assert "events" in repr(summaries)

    def test_a_role_tells_what_its_function_may_do(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "q" {}
            resource "aws_iam_role" "r" { name = "r" }
            resource "aws_iam_policy" "p" {
              policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["sqs:SendMessage"], Resource = aws_sqs_queue.q.arn }] })
            }
            resource "aws_iam_role_policy_attachment" "a" {
              role       = aws_iam_role.r.name
              policy_arn = aws_iam_policy.p.arn
            }
            resource "aws_lambda_function" "f" { role = aws_iam_role.r.arn }
            """)
        assert [(one.service, one.role, one.channel) for one in found.hints] == [
            ("infra#aws_lambda_function.f", "produce", end("sqs", "aws_sqs_queue.q"))
        ]


class TestLinks:
    def test_rules_and_their_targets(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "q" {}
            resource "aws_cloudwatch_event_bus" "bus" { name = "shop" }
            resource "aws_cloudwatch_event_rule" "r" {
              event_bus_name = aws_cloudwatch_event_bus.bus.name
              event_pattern  = jsonencode({ source = ["shop.orders"] })
            }
            resource "aws_cloudwatch_event_target" "t" {
              rule = aws_cloudwatch_event_rule.r.name
              arn  = aws_sqs_queue.q.arn
              dead_letter_config { arn = aws_sqs_queue.q.arn }
            }
            """)
        (link,) = found.links
        assert link.source == end("eventbridge", "aws_cloudwatch_event_bus.bus", "name")
        assert link.target == end("sqs", "aws_sqs_queue.q")
        assert link.properties["filters"] == [{"source": ["shop.orders"]}]
        assert link.properties["dead_letter"] == end("sqs", "aws_sqs_queue.q")
        assert link.place.line == 8

    def test_a_task_that_is_started_on_a_cluster_is_the_target(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "q" {}
            resource "aws_ecs_cluster" "all" {}
            resource "aws_ecs_task_definition" "t" {
              family                = "work"
              container_definitions = jsonencode([{ name = "work", image = "work", command = ["python", "w.py"] }])
            }
            resource "aws_pipes_pipe" "p" {
              source = aws_sqs_queue.q.arn
              target = aws_ecs_cluster.all.arn
              target_parameters {
                ecs_task_parameters { task_definition_arn = aws_ecs_task_definition.t.arn }
              }
            }
            resource "aws_cloudwatch_event_rule" "r" { schedule_expression = "rate(1 day)" }
            resource "aws_cloudwatch_event_target" "r" {
              rule = aws_cloudwatch_event_rule.r.name
              arn  = aws_ecs_cluster.all.arn
              ecs_target { task_definition_arn = aws_ecs_task_definition.t.arn }
            }
            """)
        (service,) = found.services
        assert [(one.kind, one.target) for one in found.links] == [
            ("pipe", End("service", Reference(service.key))),
            ("schedule", End("service", Reference(service.key))),
        ]

    def test_an_archive_of_a_bus(self) -> None:
        found = of("""
            resource "aws_cloudwatch_event_bus" "bus" { name = "shop" }
            resource "aws_cloudwatch_event_archive" "a" {
              name             = "shop-events"
              event_source_arn = aws_cloudwatch_event_bus.bus.arn
              retention_days   = 7
            }
            """)
        (link,) = found.links
        assert (link.kind, link.source, link.target.value) == (
            "archive",
            end("eventbridge", "aws_cloudwatch_event_bus.bus"),
            Text("archive:shop-events"),
        )
        assert link.properties == {"retention": 7 * 86400}

    def test_notifications_of_a_bucket(self) -> None:
        found = of("""
            resource "aws_sqs_queue" "q" {}
            resource "aws_s3_bucket" "b" { bucket = "uploads" }
            resource "aws_s3_bucket_notification" "n" {
              bucket = aws_s3_bucket.b.id
              queue {
                queue_arn = aws_sqs_queue.q.arn
                events    = ["s3:ObjectCreated:*"]
              }
            }
            """)
        assert [(one.kind, one.source, one.target) for one in found.links] == [
            ("notification", End("external", Text("s3:uploads")), end("sqs", "aws_sqs_queue.q"))
        ]

    def test_settings_of_a_mapping(self) -> None:
        found = of("""
            resource "aws_lambda_function" "f" {}
            resource "aws_lambda_event_source_mapping" "m" {
              function_name           = aws_lambda_function.f.function_name
              event_source_arn        = "arn:aws:kafka:r:1:cluster/c/d"
              topics                  = ["orders"]
              batch_size              = 10
              function_response_types = ["ReportBatchItemFailures"]
              amazon_managed_kafka_event_source_config { consumer_group_id = "workers" }
              scaling_config { maximum_concurrency = 4 }
              destination_config {
                on_failure { destination_arn = "arn:aws:sqs:r:1:failed" }
              }
            }
            """)
        link = next(one for one in found.links if one.kind == "event_source_mapping")
        assert link.source == End("kafka", Text("orders"))
        assert link.properties == {
            "batch_size": 10,
            "response_types": ["ReportBatchItemFailures"],
            "group": "workers",
            "max_concurrency": 4,
            "on_failure": End("sqs", Text("failed")),
        }

    @pytest.mark.parametrize(
        ("resource", "properties"),
        [
            (
                (
                    'resource "kafka_topic" "t" {\n name = "orders"\n partitions = 6\n replication_factor = 3\n'
                    ' config = { "retention.ms" = "3600000" }\n}'
                ),
                {"partitions": 6, "replication_factor": 3, "retention": 3600},
            ),
            (
                (
                    'resource "confluent_kafka_topic" "t" {\n topic_name = "orders"\n partitions_count = 4\n'
                    ' config = { "cleanup.policy" = "compact" }\n}'
                ),
                {"partitions": 4, "cleanup_policy": "compact"},
            ),
        ],
    )
    def test_topics_of_kafka(self, resource: str, properties: dict[str, object]) -> None:
        (channel,) = of(resource).channels
        assert (channel.system, channel.kind, channel.name) == ("kafka", "topic", Text("orders"))
        assert channel.properties == properties


class TestBadInput:
    def test_a_broken_block_costs_only_itself(self) -> None:
        found = of('resource "aws_sqs_queue" "a" {\n  name = \n}\nresource "aws_sqs_queue" "b" {\n  name = "b"\n}\n')
        assert [one.name for one in found.channels] == [Text("b")]
        assert [(one.path, one.line) for one in found.diagnostics] == [("infra/main.tf", 2)]

    def test_configuration_written_as_json(self) -> None:
        found = facts({
            "main.tf.json": '{"variable": {"s": {"default": "dev"}}, '
            '"resource": {"aws_sqs_queue": {"q": {"//": "note", "name": "q-${var.s}"}}}}'
        })  # fmt: skip
        assert found.channels[0].name == Text("q-dev")

    @pytest.mark.parametrize(
        "text",
        [
            'resource "aws_sqs_queue" "q" {\n  name = { a = 1 }\n  redrive_policy = [1]\n}',
            'resource "aws_sqs_queue" {}',
            'resource "aws_cloudwatch_event_target" "t" {\n  rule = nothing.at.all\n  arn = 5\n}',
            'resource "aws_ecs_task_definition" "t" {\n  container_definitions = "["\n}',
            'resource "aws_lambda_function" "f" {\n  environment = "x"\n  filename = data.archive_file.none.path\n}',
            'module "m" { source = "./missing" }\nmodule "n" {}\nlocals { a = module.m.x, b = module.none.y }',
            'resource "aws_sqs_queue" "q" {\n  for_each = aws_sqs_queue.q\n  name = each.value.name\n}',
            'resource "aws_sqs_queue" "q" {\n  dynamic "x" { for_each = [1] }\n  dynamic "y" {}\n}',
        ],
    )
    def test_nonsense_inside_a_configuration_is_no_accident(self, text: str) -> None:
        assert not [one for one in of(text).diagnostics if one.kind == "crash"]

    def test_loops_inside_loops_end(self) -> None:
        loop = "1"
        for name in "abcdef":
            loop = f"[for {name} in range : {loop}]"
        found = of(
            f'locals {{ range = [{",".join("1" * 60)}] }}\nresource "aws_sqs_queue" "q" {{ name = {loop.replace("range", "local.range")} }}'
        )
        assert len(found.channels) == 1

"""What is broken, missing, circular or without measure in one manifest costs that part, is told, and nothing else."""

# ruff: noqa: E501, ISC004 -- files read best with one block a line
from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import pytest

from brokerlint.manifests.facts import ManifestFacts, Text
from brokerlint.manifests.values import text_of

Reader = Callable[[Mapping[str, str]], ManifestFacts]

SAM = "Transform: AWS::Serverless-2016-10-31\n"
QUEUE = "  Orders: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}\n"
CODE = {"app/worker.py": "", "app/Dockerfile": 'FROM python:3.13\nCOPY . .\nCMD ["python", "worker.py"]\n'}
BUILT = "services:\n  worker:\n    build: app\n"


def names(facts: ManifestFacts) -> list[object]:
    return [one.name for one in facts.channels]


def told(facts: ManifestFacts) -> list[tuple[str, str, int]]:
    return [(one.kind, one.path, one.line) for one in facts.diagnostics]


# --- Without measure ----------------------------------------------------------------------------------------------

BOMB = f"a: &a [{', '.join('x' * 9)}]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + below] * 9)}]\n" for below, name in zip("abcdefg", "bcdefgh", strict=True)
)
DEEP = "x: " + "[" * 5000 + "]" * 5000 + "\n"
KINDS = {
    "docker-compose.yml": "services:\n  worker:\n    image: python\n",
    "template.yaml": f"Resources:\n{QUEUE}",
    "serverless.yml": "service: shop\nprovider: {name: aws}\nfunctions: {a: {handler: b.c}}\n",
    "k8s/app.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
    "asyncapi.yaml": "asyncapi: 3.0.0\ninfo: {title: shop}\n",
    "connector.yaml": "name: a\nconfig: {connector.class: b.CSinkConnector, topics: orders}\n",
    "quix.yaml": "metadata: {version: 1.0}\ndeployments: []\n",
    "chart/values.yaml": "image: {repository: a}\n",
}
"""Files of each format that is written in YAML."""


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("burden", [BOMB, DEEP], ids=["aliases", "nesting"])
def test_a_file_without_measure_is_refused_at_once(facts_of: Reader, path: str, burden: str) -> None:
    started = time.monotonic()
    facts = facts_of({path: KINDS[path] + burden, "other/template.yaml": f"Resources:\n{QUEUE}"})
    assert time.monotonic() - started < 20
    assert {one.path for one in facts.diagnostics} == {path}
    assert names(facts) == [Text("orders")]


@pytest.mark.parametrize("path", KINDS)
def test_sixty_levels_are_no_burden(facts_of: Reader, path: str) -> None:
    facts = facts_of({path: f"{KINDS[path]}x: {'[' * 60}{']' * 60}\n"})
    assert facts.diagnostics == ()


def test_expressions_without_measure(facts_of: Reader) -> None:
    deep = "(" * 5000 + '"a"' + ")" * 5000
    grown = "\n".join(f'  v{n} = "${{local.v{n - 1}}}${{local.v{n - 1}}}"' for n in range(1, 60))
    text = f"""
resource "aws_sqs_queue" "deep" {{
  name = {deep}
}}
locals {{
  v0 = "xxxxxxxxxx"
{grown}
}}
resource "aws_sqs_queue" "grown" {{
  name = local.v59
}}
resource "aws_sqs_queue" "orders" {{
  name = "orders"
}}
"""
    facts = facts_of({"main.tf": text})
    assert told(facts) == [("manifest", "main.tf", 3)]
    assert len(facts.channels) == 2
    assert facts.channels[1].name == Text("orders")


# --- One broken part among good ones ------------------------------------------------------------------------------


def test_a_broken_block_of_terraform(facts_of: Reader) -> None:
    facts = facts_of({
        "main.tf": 'resource "aws_sqs_queue" "a" {\n  name = "a"\n}\nresource "aws_sqs_queue" "b" {\n  name = = \n}\n'
        'resource "aws_sqs_queue" "c" {\n  name = "c"\n}\n'
    })  # fmt: skip
    assert names(facts) == [Text("a"), Text("c")]
    assert told(facts) == [("manifest", "main.tf", 5)]


def test_a_broken_document_of_several(facts_of: Reader) -> None:
    topic = (
        "apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaTopic\nmetadata: {name: NAME}\nspec: {partitions: 3}\n---\n"
    )
    broken = "apiVersion: v1\nkind: ConfigMap\ndata: {a: [b}\n---\n"
    facts = facts_of({"topics.yaml": topic.replace("NAME", "a") + broken + topic.replace("NAME", "b")})
    assert names(facts) == [Text("a"), Text("b")]
    assert told(facts) == [("manifest", "topics.yaml", 8)]
    assert [one.place.line for one in facts.channels] == [1, 10]


@pytest.mark.parametrize(
    "broken", ["    command: [a, b\n", '    command: "a\n', "    command: a: b\n", "   ports: [1]\n"]
)
def test_a_broken_service_of_compose(facts_of: Reader, broken: str) -> None:
    text = f"services:\n  web:\n    image: nginx\n{broken}  worker:\n    build: app\n"
    facts = facts_of({"docker-compose.yml": text, **CODE})
    assert [one.name for one in facts.services] == ["worker"]
    ((kind, path, line),) = told(facts)
    assert (kind, path) == ("manifest", "docker-compose.yml")
    assert 3 <= line <= 6


def test_a_broken_resource_of_a_template(facts_of: Reader) -> None:
    text = f"Resources:\n  Broken:\n    Type: AWS::SQS::Queue\n    Properties: {{QueueName: [a\n{QUEUE}"
    facts = facts_of({"template.yaml": text})
    assert names(facts) == [Text("orders")]
    assert [one.path for one in facts.diagnostics] == ["template.yaml"]


def test_a_value_that_a_script_fills_in_before_the_template_is_deployed(facts_of: Reader) -> None:
    text = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Worker:\n    Type: AWS::Serverless::Function\n"
        "    Properties:\n      Handler: app.run\n      CodeUri: %code%\n      Name: @name@-worker\n"
    )
    facts = facts_of({"template.yaml": text, "app.py": "def run(event, context): pass\n"})
    assert [one.name for one in facts.services] == ["Worker"]
    assert not told(facts)


def test_a_broken_line_of_a_dockerfile(facts_of: Reader) -> None:
    text = (
        'FROM python:3.13\nENV = \nENV ORDERS_TOPIC=orders\nNONSENSE [\nCOPY\nCOPY . .\nCMD ["python", "worker.py"]\n'
    )
    (service,) = facts_of({"app/Dockerfile": text, "app/worker.py": ""}).services
    assert service.command == ("python", "worker.py")
    assert service.environment["ORDERS_TOPIC"].value == Text("orders")


def test_a_broken_line_of_a_file_of_variables(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": f"{BUILT}    env_file: .env\n",
        ".env": "A=1\n=x\n'\nexport\nORDERS_TOPIC=orders\n",
        **CODE,
    })  # fmt: skip
    assert text_of(facts.services[0].environment["ORDERS_TOPIC"].value) == "orders"


@pytest.mark.parametrize("path", KINDS)
def test_placeholders_of_a_template_language_are_blanked_or_told(facts_of: Reader, path: str) -> None:
    text = "{% if x %}\n" + KINDS[path] + "{% endif %}\n{{ more }}\n"
    facts = facts_of({path: text, "other/template.yaml": f"Resources:\n{QUEUE}"})
    assert not [one for one in facts.diagnostics if one.kind == "crash"]
    assert {one.path for one in facts.diagnostics} <= {path}
    assert Text("orders") in names(facts)


# --- What is referred to and not there ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        "    env_file: missing.env\n",
        "    env_file: [{path: missing.env, required: false}]\n",
        "    volumes: [./nowhere:/app]\n",
        "    depends_on: [nobody]\n",
    ],
)
def test_files_that_a_compose_service_names(facts_of: Reader, lines: str) -> None:
    facts = facts_of({"docker-compose.yml": f"{BUILT}    environment: {{ORDERS_TOPIC: orders}}\n{lines}", **CODE})
    assert text_of(facts.services[0].environment["ORDERS_TOPIC"].value) == "orders"


def test_a_build_whose_folder_or_dockerfile_is_missing(facts_of: Reader) -> None:
    text = (
        "services:\n  a: {build: nowhere}\n  b: {build: {context: app, dockerfile: No.Dockerfile}}\n  c: {build: app}\n"
    )
    facts = facts_of({"docker-compose.yml": text, **CODE})
    assert "c" in [one.name for one in facts.services]


def test_a_source_that_is_copied_and_missing(facts_of: Reader) -> None:
    text = 'FROM python:3.13\nCOPY nowhere/ /x\nCOPY --from=nobody /a /b\nCOPY . .\nCMD ["python", "worker.py"]\n'
    (service,) = facts_of({"app/Dockerfile": text, "app/worker.py": ""}).services
    assert service.roots == ("app",)


@pytest.mark.parametrize("kind", ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"])
def test_a_nested_stack_that_is_missing(facts_of: Reader, kind: str) -> None:
    name = "TemplateURL" if kind.endswith("Stack") else "Location"
    facts = facts_of({
        "template.yaml": f"{SAM}Resources:\n  Child: {{Type: {kind}, Properties: {{{name}: ./no.yaml}}}}\n{QUEUE}"
        "  F: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {Q: !GetAtt Child.Outputs.Url}}}}\n"
    })  # fmt: skip
    assert names(facts) == [Text("orders")]
    assert text_of(facts.services[0].environment["Q"].value) is None


def test_a_module_and_a_file_that_are_missing(facts_of: Reader) -> None:
    facts = facts_of({
        "main.tf": """
module "gone" {
  source = "./gone"
  queue  = aws_sqs_queue.orders.arn
}
resource "aws_sqs_queue" "orders" {
  name   = "orders"
  policy = file("${path.module}/gone.json")
}
resource "aws_sqs_queue" "copy" {
  name = "${module.gone.prefix}-copy"
}
"""
    })  # fmt: skip
    assert facts.channels[0].name == Text("orders")
    assert len(facts.channels) == 2
    assert text_of(facts.channels[1].name) is None


# --- Circles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "locals {\n  a = local.b\n  b = local.a\n}\n",
        'locals {\n  a = "${local.a}x"\n}\n',
        'variable "a" {\n  default = var.a\n}\nlocals {\n  a = var.a\n}\n',
        'module "m" {\n  source = "."\n}\nlocals {\n  a = module.m.a\n}\noutput "a" {\n  value = local.a\n}\n',
        'module "m" {\n  source = "./m"\n  a = module.m.a\n}\nlocals {\n  a = module.m.a\n}\n',
        'resource "aws_sqs_queue" "x" {\n  name = aws_sqs_queue.y.name\n}\n'
        'resource "aws_sqs_queue" "y" {\n  name = aws_sqs_queue.x.name\n}\nlocals {\n  a = aws_sqs_queue.x.name\n}\n',
    ],
    ids=["locals", "itself", "variable", "module of itself", "module", "resources"],
)
def test_circles_of_terraform(facts_of: Reader, text: str) -> None:
    queues = 'resource "aws_sqs_queue" "orders" {\n  name = "orders"\n}\nresource "aws_sqs_queue" "a" {\n  name = local.a\n}\n'
    module = 'variable "a" {}\noutput "a" {\n  value = var.a\n}\n'
    facts = facts_of({"main.tf": text + queues, "m/main.tf": module})
    assert Text("orders") in names(facts)
    unknown = [one for one in facts.channels if one.logical == "a"]
    assert unknown
    assert all(text_of(one.name) is None for one in unknown)
    assert not [one for one in facts.diagnostics if one.kind == "crash"]


def test_modules_that_call_each_other(facts_of: Reader) -> None:
    facts = facts_of({
        "a/main.tf": 'module "b" {\n  source = "../b"\n}\nresource "aws_sqs_queue" "q" {\n  name = "a"\n}\n',
        "b/main.tf": 'module "a" {\n  source = "../a"\n}\nresource "aws_sqs_queue" "q" {\n  name = "b"\n}\n',
    })  # fmt: skip
    assert {Text("a"), Text("b")} == set(names(facts))


def test_stacks_inside_each_other(facts_of: Reader) -> None:
    stack = (
        "Resources:\n  Child: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {0}.yaml, Parameters: "
        "{{P: !GetAtt Child.Outputs.Name}}}}}}\n  Queue: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Ref P}}}}\n"
        "Parameters: {{P: {{Type: String}}}}\nOutputs: {{Name: {{Value: !Ref P}}}}\n"
    )
    facts = facts_of({"a.yaml": stack.format("b"), "b.yaml": stack.format("a"), "c.yaml": f"Resources:\n{QUEUE}"})
    assert Text("orders") in names(facts)
    assert not [one for one in facts.diagnostics if one.kind == "crash"]


def test_conditions_and_variables_that_lead_to_themselves(facts_of: Reader) -> None:
    facts = facts_of({
        "template.yaml": "Conditions: {A: !Not [!Condition B], B: !And [!Condition A, !Condition A]}\nResources:\n"
        f"  Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !If [A, a, b]}}}}\n{QUEUE}",
        "serverless.yml": "service: shop\nprovider: {name: aws}\ncustom: {a: '${self:custom.b}', b: '${self:custom.a}'}\n"
        "functions: {f: {handler: a.b, environment: {ORDERS_QUEUE: '${self:custom.a}'}}}\n",
        ".env": "ORDERS_TOPIC=${BILLS_TOPIC}\nBILLS_TOPIC=${ORDERS_TOPIC}\n",
    })  # fmt: skip
    assert Text("orders") in names(facts)
    (service,) = facts.services
    assert text_of(service.environment["ORDERS_QUEUE"].value) is None
    assert not [one for one in facts.diagnostics if one.kind == "crash"]


def test_compose_files_that_include_each_other(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": f"include: [more/compose.yaml, gone.yaml]\n{BUILT}",
        "more/compose.yaml": "include: [../docker-compose.yml]\nservices:\n  mailer:\n    build: ../app\n",
        **CODE,
    })  # fmt: skip
    assert sorted(one.name for one in facts.services) == ["mailer", "worker"]

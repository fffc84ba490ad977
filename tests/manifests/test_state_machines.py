"""State machines of Step Functions: what their tasks send to, read from and call, wherever the definition stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from textwrap import dedent

import pytest

from brokerlint.facts import Facts
from brokerlint.manifests.facts import ManifestFacts
from brokerlint.pipeline import analyse_sources

Reader = Callable[[Mapping[str, str]], ManifestFacts]

SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
  Worker:
    Type: AWS::Serverless::Function
    Properties: {Handler: app.handler, CodeUri: src/, Runtime: python3.12}
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: statemachine/flow.asl.json
      DefinitionSubstitutions: {Queue: !Ref Jobs, WorkerArn: !GetAtt Worker.Arn, Most: 3}
"""

FLOW = """{
  "StartAt": "Send",
  "States": {
    "Send": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "Parameters": {"QueueUrl": "${Queue}", "MessageBody": {"n": ${Most}}},
      "Next": "All"
    },
    "All": {
      "Type": "Map",
      "ItemProcessor": {
        "StartAt": "Work",
        "States": {
          "Work": {"Type": "Task", "Resource": "${WorkerArn}", "End": true}
        }
      }
    }
  }
}
"""


def analysed(files: Mapping[str, str]) -> Facts:
    return analyse_sources({path: dedent(text) for path, text in files.items()})


def links(facts: Facts) -> list[tuple[str, str, str, int]]:
    return [(link.source, link.target, link.place.path, link.place.line) for link in facts.links]


CODE = {"src/app.py": "def handler(event, context):\n    return event\n"}


def test_a_definition_in_a_file_is_read_with_its_substitutions() -> None:
    facts = analysed({"template.yaml": SAM, "statemachine/flow.asl.json": FLOW, **CODE})
    assert links(facts) == [
        ("external:states:Flow", "sqs:jobs", "statemachine/flow.asl.json", 4),
        ("external:states:Flow", "service:Worker", "statemachine/flow.asl.json", 15),
    ]


def test_a_definition_may_be_yaml() -> None:
    flow = """
        StartAt: Send
        States:
          Send:
            Type: Task
            Resource: arn:aws:states:::sqs:sendMessage
            Parameters: {QueueUrl: "${Queue}"}
        """
    template = SAM.replace("flow.asl.json", "flow.asl.yaml")
    facts = analysed({"template.yaml": template, "statemachine/flow.asl.yaml": flow, **CODE})
    assert links(facts) == [("external:states:Flow", "sqs:jobs", "statemachine/flow.asl.yaml", 5)]


def test_a_template_of_cloudformation_names_a_file_before_it_is_packaged() -> None:
    template = SAM.replace("AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine")
    template = template.replace("DefinitionUri: statemachine", "DefinitionS3Location: ../flows")
    files = {"deploy/template.yaml": template, "flows/flow.asl.json": FLOW}
    assert [target for _, target, *_ in links(analysed(files))] == ["sqs:jobs", "service:Worker"]


@pytest.mark.parametrize("uri", ["{Bucket: b, Key: k}", "s3://bucket/flow.asl.json", "missing.json", "../../flow.json"])
def test_a_definition_that_is_not_in_the_tree_says_nothing(uri: str) -> None:
    facts = analysed({"template.yaml": SAM.replace("statemachine/flow.asl.json", uri), "flow.json": FLOW})
    assert links(facts) == []


def test_terraform_fills_a_template() -> None:
    code = """
        resource "aws_sqs_queue" "jobs" { name = "jobs" }
        resource "aws_lambda_function" "worker" {
          function_name = "worker"
          handler = "app.handler"
          runtime = "python3.12"
          filename = "worker.zip"
        }
        resource "aws_sfn_state_machine" "flow" {
          name = "flow"
          definition = templatefile("${path.module}/flow.json.tftpl", {
            Queue = aws_sqs_queue.jobs.url
            WorkerArn = aws_lambda_function.worker.arn
            Most = 3
          })
        }
        """
    facts = analysed({"infra/main.tf": code, "infra/flow.json.tftpl": FLOW})
    assert links(facts) == [
        ("external:states:flow", "sqs:jobs", "infra/main.tf", 9),
        ("external:states:flow", "service:worker", "infra/main.tf", 9),
    ]


def flow_of(resource: str, parameters: Mapping[str, object], key: str = "Parameters") -> Facts:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource, key: parameters}}}
    template = f"""
        Resources:
          Flow:
            Type: AWS::StepFunctions::StateMachine
            Properties: {{DefinitionString: '{json.dumps(definition)}'}}
        """
    return analysed({"template.yaml": template})


FLOW_ID = "external:states:Flow"
URL = "https://sqs.eu-west-1.amazonaws.com/1/jobs"


@pytest.mark.parametrize(
    ("resource", "parameters", "found"),
    [
        ("arn:aws:states:::sqs:sendMessage", {"QueueUrl": URL}, (FLOW_ID, "sqs:jobs")),
        ("arn:aws:states:::aws-sdk:sqs:sendMessageBatch", {"QueueUrl": URL}, (FLOW_ID, "sqs:jobs")),
        ("arn:aws:states:::aws-sdk:sqs:receiveMessage", {"QueueUrl": URL}, ("sqs:jobs", FLOW_ID)),
        ("arn:aws:states:::aws-sdk:sqs:deleteMessage", {"QueueUrl": URL}, None),
        ("arn:aws:states:::sns:publish", {"TopicArn": "arn:aws:sns:eu-west-1:1:news"}, (FLOW_ID, "sns:news")),
        ("arn:aws:states:::aws-sdk:sns:subscribe", {"TopicArn": "arn:aws:sns:eu-west-1:1:news"}, None),
        ("arn:aws:states:::events:putEvents", {"Entries": [{"EventBusName": "bus"}]}, (FLOW_ID, "eventbridge:bus")),
        (
            "arn:aws:states:::aws-sdk:eventbridge:putEvents",
            {"Entries": [{"Source": "shop"}]},
            (FLOW_ID, "eventbridge:default"),
        ),
        ("arn:aws:states:::aws-sdk:kinesis:putRecord", {"StreamName": "s"}, (FLOW_ID, "kinesis:s")),
        ("arn:aws:states:::sqs:sendMessage", {"QueueUrl.$": "$.reply_to"}, (FLOW_ID, "sqs:?")),
        ("arn:aws:states:::lambda:invoke", {"FunctionName": "work"}, (FLOW_ID, "service:work")),
        ("arn:aws:states:::lambda:invoke", {"FunctionName.$": "$.function"}, None),
        ("arn:aws:lambda:eu-west-1:1:function:work", {}, (FLOW_ID, "service:work")),
        ("arn:aws:states:::dynamodb:putItem", {"TableName": "t"}, None),
        ("arn:aws:states:::states:startExecution", {"StateMachineArn": "x"}, None),
    ],
)
def test_what_a_task_does(resource: str, parameters: dict[str, object], found: tuple[str, str] | None) -> None:
    assert [(source, target) for source, target, *_ in links(flow_of(resource, parameters))] == [found] * bool(found)


def test_an_expression_is_worked_out_when_the_machine_runs() -> None:
    facts = flow_of("arn:aws:states:::sqs:sendMessage", {"QueueUrl": "{% $states.input.url %}"}, "Arguments")
    assert [target for _, target, *_ in links(facts)] == ["sqs:?"]


@pytest.mark.parametrize(
    "text", ["{", '{"StartAt": "A", "States": [1]}', '{"StartAt": 1, "States": {"A": 3}}', "States"]
)
def test_broken_definitions_say_nothing(text: str) -> None:
    assert links(analysed({"template.yaml": SAM, "statemachine/flow.asl.json": text})) == []


def test_a_name_that_is_kept_elsewhere_is_not_known() -> None:
    code = """
        data "aws_ssm_parameter" "bus" { name = "/shared/bus" }
        resource "aws_sfn_state_machine" "flow" {
          name = "flow"
          definition = jsonencode({StartAt = "A", States = {A = {
            Resource = "arn:aws:states:::events:putEvents"
            Parameters = {Entries = [{EventBusName = data.aws_ssm_parameter.bus.value}]}
          }}})
        }
        """
    assert [target for _, target, *_ in links(analysed({"main.tf": code}))] == ["eventbridge:?"]

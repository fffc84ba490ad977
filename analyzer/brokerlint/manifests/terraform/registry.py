"""Modules of the public registry that declare channels and functions, as the little of them that matters here.

Written as Terraform itself, in own words, from the documented inputs and outputs of the modules.
"""

from __future__ import annotations

import re

_SQS = """
variable "name" { default = null }
variable "fifo_queue" { default = false }
variable "visibility_timeout_seconds" { default = null }
variable "message_retention_seconds" { default = null }
variable "delay_seconds" { default = null }
variable "receive_wait_time_seconds" { default = null }
variable "content_based_deduplication" { default = null }
variable "kms_master_key_id" { default = null }
variable "redrive_policy" { default = {} }
variable "create_dlq" { default = false }
variable "dlq_name" { default = null }
variable "dlq_message_retention_seconds" { default = null }
variable "dlq_visibility_timeout_seconds" { default = null }
resource "aws_sqs_queue" "this" {
  name = var.fifo_queue == true ? "${trimsuffix(var.name, ".fifo")}.fifo" : var.name
  fifo_queue = var.fifo_queue
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds = var.message_retention_seconds
  delay_seconds = var.delay_seconds
  receive_wait_time_seconds = var.receive_wait_time_seconds
  content_based_deduplication = var.content_based_deduplication
  kms_master_key_id = var.kms_master_key_id
  redrive_policy = merge(DEAD_LETTERS, var.redrive_policy)
}
output "queue_id" { value = aws_sqs_queue.this.id }
output "queue_url" { value = aws_sqs_queue.this.url }
output "queue_arn" { value = aws_sqs_queue.this.arn }
output "queue_name" { value = aws_sqs_queue.this.name }
"""
_DEAD_LETTERS = """
resource "aws_sqs_queue" "dlq" {
  name = coalesce(var.dlq_name, "${var.name}-dlq")
  message_retention_seconds = var.dlq_message_retention_seconds
  visibility_timeout_seconds = var.dlq_visibility_timeout_seconds
}
output "dead_letter_queue_id" { value = aws_sqs_queue.dlq.id }
output "dead_letter_queue_url" { value = aws_sqs_queue.dlq.url }
output "dead_letter_queue_arn" { value = aws_sqs_queue.dlq.arn }
output "dead_letter_queue_name" { value = aws_sqs_queue.dlq.name }
"""
_SNS = """
variable "name" { default = null }
variable "fifo_topic" { default = false }
variable "kms_master_key_id" { default = null }
variable "subscriptions" { default = {} }
resource "aws_sns_topic" "this" {
  name = var.fifo_topic == true ? "${trimsuffix(var.name, ".fifo")}.fifo" : var.name
  fifo_topic = var.fifo_topic
  kms_master_key_id = var.kms_master_key_id
}
resource "aws_sns_topic_subscription" "this" {
  for_each = var.subscriptions
  topic_arn = aws_sns_topic.this.arn
  protocol = each.value.protocol
  endpoint = each.value.endpoint
  filter_policy = try(each.value.filter_policy, null)
  raw_message_delivery = try(each.value.raw_message_delivery, null)
  redrive_policy = try(each.value.redrive_policy, null)
}
output "topic_arn" { value = aws_sns_topic.this.arn }
output "topic_id" { value = aws_sns_topic.this.id }
output "topic_name" { value = aws_sns_topic.this.name }
"""
_LAMBDA = """
variable "function_name" { default = null }
variable "handler" { default = null }
variable "runtime" { default = null }
variable "timeout" { default = 3 }
variable "reserved_concurrent_executions" { default = null }
variable "source_path" { default = null }
variable "image_uri" { default = null }
variable "environment_variables" { default = {} }
variable "dead_letter_target_arn" { default = null }
variable "event_source_mapping" { default = {} }
variable "policy_statements" { default = {} }
resource "aws_lambda_function" "this" {
  function_name = var.function_name
  handler = var.handler
  runtime = var.runtime
  timeout = var.timeout
  reserved_concurrent_executions = var.reserved_concurrent_executions
  source_dir = var.source_path
  image_uri = var.image_uri
  environment { variables = var.environment_variables }
  dead_letter_config { target_arn = var.dead_letter_target_arn }
  statements = [for name, statement in var.policy_statements : statement]
}
resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.event_source_mapping
  function_name = aws_lambda_function.this.arn
  event_source_arn = each.value.event_source_arn
  batch_size = try(each.value.batch_size, null)
  enabled = try(each.value.enabled, null)
  topics = try(each.value.topics, null)
  function_response_types = try(each.value.function_response_types, null)
  maximum_batching_window_in_seconds = try(each.value.maximum_batching_window_in_seconds, null)
}
output "lambda_function_arn" { value = aws_lambda_function.this.arn }
output "lambda_function_name" { value = aws_lambda_function.this.function_name }
output "lambda_function_qualified_arn" { value = aws_lambda_function.this.arn }
output "lambda_function_invoke_arn" { value = aws_lambda_function.this.invoke_arn }
"""

_QUEUE = _SQS.replace("DEAD_LETTERS", "{}")
_QUEUE_PAIR = _DEAD_LETTERS + _SQS.replace(
    "DEAD_LETTERS", "{ deadLetterTargetArn = aws_sqs_queue.dlq.arn, maxReceiveCount = 5 }"
)
_MODULES = {"sqs": _QUEUE, "sns": _SNS, "lambda": _LAMBDA}
_ADDRESS = re.compile(
    r"(?:(?:registry\.(?:terraform\.io|opentofu\.org)/)?terraform-aws-modules/(sqs|sns|lambda)/aws"
    r"|(?:git::)?(?:https://|ssh://)?(?:git@)?github\.com[/:]terraform-aws-modules/terraform-aws-(sqs|sns|lambda)"
    r"(?:\.git)?(?:\?.*)?)\Z"
)
_FUNCTION_ELSEWHERE = re.compile(
    r"(?:git::|git@|https://|ssh://|github\.com/|bitbucket\.org/|gitlab\.com/)[^?]*?"
    r"[/:](?:terraform-(?:\w+-)?)?lambda(?:[-_]function)?(?:\.git)?/?(?:\?.*)?\Z"
)
"""A module of somebody's own that is called for the function it makes: ``github.com/shop/modules//lambda?ref=v1``."""
_OWN_LAMBDA = """
variable "name" { default = null }
variable "function_name" { default = null }
variable "lambda_name" { default = null }
variable "handler" { default = null }
variable "runtime" { default = null }
variable "timeout" { default = null }
variable "image_uri" { default = null }
variable "environment_variables" { default = {} }
variable "environment" { default = {} }
resource "aws_lambda_function" "this" {
  function_name = coalesce(var.function_name, var.lambda_name, var.name)
  handler = var.handler
  runtime = var.runtime
  timeout = var.timeout
  image_uri = var.image_uri
  environment { variables = try(merge(var.environment_variables, var.environment), var.environment_variables) }
}
""" + "".join(
    f'output "{name}" {{ value = aws_lambda_function.this.{attribute} }}\n'
    for attribute, names in {
        "arn": "arn function_arn lambda_arn lambda_function_arn qualified_arn",
        "function_name": "name function_name lambda_name lambda_function_name",
        "invoke_arn": "invoke_arn function_invoke_arn lambda_invoke_arn",
    }.items()
    for name in names.split()
)
"""What such modules take and give is called one of these; what else they do is not known, and nothing is said of it."""


def registry_module(source: str, dead_letters: bool = False) -> str | None:
    """The text of the module at an address outside the tree; None for modules that are not known here."""
    found = _ADDRESS.match(source)
    if not found:
        return _OWN_LAMBDA if _FUNCTION_ELSEWHERE.match(source) else None
    name = found[1] or found[2]
    return _QUEUE_PAIR if name == "sqs" and dead_letters else _MODULES[name]

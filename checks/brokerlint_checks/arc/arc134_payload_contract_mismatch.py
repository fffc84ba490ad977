"""ARC134 payload-contract-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology, Use

_SNS_KEYS = frozenset({"Message", "Type", "TopicArn", "MessageId", "MessageAttributes"})
_EVENT_KEYS = frozenset({"detail", "detail-type", "source", "id", "time", "account", "region", "resources"})
_BINARY = frozenset({"avro", "protobuf"})


class PayloadContractMismatch(Check):
    """A consumer reads its messages in another shape than they arrive in.

    ## What it finds
    A queue that is fed by an SNS subscription without raw delivery while the handler reads business fields and never
    `Message` (or the other way round); by an EventBridge rule or pipe while it never reads `detail`; or by producers
    that all write Avro or Protobuf while the consumer reads JSON, and the reverse.

    ## Why it is bad
    The first message fails, in another repository than the one that was changed, and every one after it.

    ## When it is fine
    The handler reads both shapes, another producer of the channel sends the shape that is read, the event is reshaped
    on the way, or what the handler reads is not known.
    """

    id, name = "ARC134", "payload-contract-mismatch"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    sources = ("https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer whose reading fits no known producer."""
        for channel in topology.channels():
            for consumer in channel.consumers().in_code():
                yield from self._envelopes(channel, consumer)
                yield from self._encodings(channel, consumer)

    def _envelopes(self, channel: ChannelNode, consumer: Use) -> Iterator[Finding]:
        reads = set(consumer.fact("body_paths") or ())
        producers = channel.producers()
        if not reads or not producers:
            return
        fitting = [_fits(producer, reads) for producer in producers]
        wrapped = [use for use, fits in zip(producers, fitting, strict=True) if fits]
        if None in fitting or "" in fitting or not wrapped:
            return
        keys = ", ".join(f"'{key}'" for key in sorted(reads))
        message = f"{consumer.who} reads {keys} but messages of {channel} arrive {fitting[0]}"
        yield (
            self.finding(message, channel)
            .at(consumer, *wrapped)
            .variety("envelope")
            .checked("another producer sends that shape: no", "both shapes are read: no", "reshaped on the way: no")
            .advise("unwrap the envelope in the handler", "or switch raw delivery for this subscription")
        )

    def _encodings(self, channel: ChannelNode, consumer: Use) -> Iterator[Finding]:
        wanted = consumer.fact("deserializer")
        producers = channel.producers()
        written = {use.fact("serializer") for use in producers}
        if not wanted or not producers or None in written:
            return
        as_json, binary = wanted in ("json", "str") and written <= _BINARY, wanted in _BINARY and not written & _BINARY
        if as_json or binary:
            how = ", ".join(sorted(str(kind) for kind in written))
            message = f"{consumer.who} reads {channel} as {wanted}, but all known producers write {how}"
            yield (
                self.finding(message, channel)
                .at(consumer, *producers)
                .variety("encoding")
                .checked("a producer that writes the encoding read: none")
                .advise(f"read {how} in the consumer")
            )


def _fits(producer: Use, reads: set[str]) -> str | None:
    """How this producer's messages arrive when that does not fit what is read; "" when it does, None when unknown."""
    link = producer.link
    if producer.endpoint is not None or link is None:
        return ""
    if link.kind == "subscription":
        if link.properties.get("filter_body_reshaped"):
            return None
        raw = bool(link.properties.get("raw_delivery"))
        if raw:
            return "raw, without an SNS envelope" if reads <= {"Message"} else ""
        return "" if reads & _SNS_KEYS else "wrapped in an SNS envelope"
    if link.kind in ("rule", "pipe"):
        if link.properties.get("input_path") or link.properties.get("transformer"):
            return None
        if link.kind == "pipe":
            return None
        return "" if reads & _EVENT_KEYS else "wrapped by EventBridge"
    return None


_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Resources:
      Orders: {Type: AWS::SNS::Topic, Properties: {TopicName: orders}}
      Loyalty: {Type: AWS::SQS::Queue, Properties: {QueueName: loyalty}}
      ToLoyalty:
        Type: AWS::SNS::Subscription
        Properties:
          TopicArn: !Ref Orders
          Protocol: sqs
          Endpoint: !GetAtt Loyalty.Arn
          RawMessageDelivery: false
    """
_READER = """
    import json
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/loyalty"

    def main():
        while True:
            for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
                order = json.loads(message["Body"])
                print(order["customer"])
                sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

    main()
    """
_TERRAFORM = """
    resource "aws_sns_topic" "orders" {
      name = "orders"
    }
    resource "aws_sqs_queue" "stock" {
      name = "stock"
    }
    resource "aws_sns_topic_subscription" "stock" {
      topic_arn            = aws_sns_topic.orders.arn
      protocol             = "sqs"
      endpoint             = aws_sqs_queue.stock.arn
      raw_message_delivery = RAW
    }
    resource "aws_lambda_function" "stock" {
      function_name = "stock"
      handler       = "stock.handler"
      runtime       = "python3.12"
    }
    resource "aws_lambda_event_source_mapping" "stock" {
      event_source_arn = aws_sqs_queue.stock.arn
      function_name    = aws_lambda_function.stock.arn
    }
    """
_FUNCTION = """
    import json

    def handler(event, context):
        for record in event["Records"]:
            print(json.loads(record["body"])["article"])
    """
PayloadContractMismatch.bad = (
    Example({"template.yaml": _TEMPLATE, "loyalty/app.py": _READER}, "business fields are read from an SNS envelope"),
    Example({"main.tf": _TERRAFORM.replace("RAW", "false"), "stock.py": _FUNCTION}, "a function reads it so, too"),
    Example(
        {"main.tf": _TERRAFORM.replace("RAW", "true"), "stock.py": _FUNCTION.replace("article", "Message")},
        "an envelope is expected from raw delivery",
    ),
)
PayloadContractMismatch.good = (
    Example(
        {
            "template.yaml": _TEMPLATE,
            "loyalty/app.py": _READER.replace('order["customer"]', 'json.loads(order["Message"])'),
        },
        "the envelope is unwrapped",
    ),
    Example(
        {"main.tf": _TERRAFORM.replace("RAW", "true"), "stock.py": _FUNCTION}, "raw delivery, business fields read"
    ),
)

"""ARC102 hand-built-queue-on-log."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.places import Place
from brokerlint.topology import ChannelNode, Topology, Uses, signals
from brokerlint_checks.arc.arc101_log_used_as_work_queue import sole_group


class HandBuiltQueueOnLog(Check):
    """The features of a queue are rebuilt on a Kafka topic.

    ## What it finds
    Two or more of these around one topic with one group: retry topics that the consumer itself writes, an attempt
    counter in the records that is compared, waiting until a time that a record carries, a dead-letter topic written
    when the work fails, a job that sends records back to the topic.

    ## Why it is bad
    Retries, delays and dead letters are built into queues and into share groups. By hand they cost topics, code and
    operation: a delay blocks the partition behind it, retried records overtake each other, and counters are lost.

    ## When it is fine
    Several groups read the topic, retries keep the order of a key, a framework provides them, or there is only a
    dead-letter topic, which is good practice.
    """

    id, name = "ARC102", "hand-built-queue-on-log"
    severity, confidence = Severity.ADVICE, Confidence.HIGH
    profiles = frozenset({"strict", "advisory"})
    sources = (
        "https://cwiki.apache.org/confluence/display/KAFKA/KIP-932%3A+Queues+for+Kafka",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every topic with one group around which a queue was built."""
        for topic in topology.channels(system="kafka"):
            group = None if signals.is_retry(topic) or topic.is_dead_letter() else sole_group(topic)
            if group is None or signals.order_use(topic):
                continue
            features = dict(_features(topology, topic, group.uses))
            if len(features) < 2:
                continue
            yield (
                self.finding(
                    f"{', '.join(group.services()) or group.name} rebuilds what a queue has on {topic}: "
                    f"{', '.join(features)}",
                    topic,
                )
                .at(*group.uses, *(place.saying(words) for words, place in features.items()))
                .checked("second group: none found", "order used: no", "share group: no")
                .advise("use an SQS queue: visibility timeout, maxReceiveCount and a dead-letter queue do the same")
                .advise("or a share group on Kafka 4.2 and later")
            )


def _features(topology: Topology, topic: ChannelNode, consumers: Uses) -> Iterator[tuple[str, Place]]:
    """Each feature of a queue that is rebuilt, and where."""
    for consumer in consumers:
        for send in topology.sends_of(consumer):
            target = topology.channel(send.channel)
            if target is None or send.endpoint is None:
                continue
            if signals.is_retry(target):
                yield f"retry topic '{target.label}'", send.place
            elif target.is_dead_letter():
                yield f"dead-letter topic '{target.label}'", send.place
            elif target.key == topic.key and (send.fact("in_except") or send.fact("payload_is_body")):
                yield "failed records sent to their own topic again", send.place
        for place in signals.places(consumer.fact("compares_attempt")):
            yield "attempt counter", place
        for place in signals.places(consumer.fact("waits_until")):
            yield "delayed retry", place


_WORKER = """
    import json
    import smtplib
    from confluent_kafka import Consumer, Producer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "mail", "enable.auto.commit": False})
    producer = Producer({"bootstrap.servers": "broker:9092"})
    consumer.subscribe(["mail", "mail-retry"])
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise RuntimeError(message.error())
        job = json.loads(message.value())
        try:
            smtplib.SMTP("mail").sendmail("a@example.org", job["to"], job["text"])
        except OSError:
            if job["attempt"] < 5:
                job["attempt"] += 1
                producer.produce("mail-retry", json.dumps(job), headers={"attempt": str(job["attempt"])})
            else:
                producer.produce("mail-dlq", json.dumps(job))
            producer.flush()
        consumer.commit(message)
    """
_ASYNC = """
    import json
    import httpx
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    async def main():
        consumer = AIOKafkaConsumer("calls", bootstrap_servers="b:9092", group_id="calls", enable_auto_commit=False)
        producer = AIOKafkaProducer(bootstrap_servers="b:9092")
        await consumer.start()
        await producer.start()
        async for message in consumer:
            call = json.loads(message.value)
            try:
                async with httpx.AsyncClient() as client:
                    await client.post(call["url"], json=call["body"])
            except httpx.HTTPError:
                FAILED
            await consumer.commit()
    """
_AGAIN = """if call["attempt"] < 5:
                    call["attempt"] += 1
                    await producer.send_and_wait("calls", json.dumps(call).encode())
                else:
                    await producer.send_and_wait("calls-dlq", message.value)"""
HandBuiltQueueOnLog.bad = (
    Example({"mail/worker.py": _WORKER}, "a retry topic, a counter, a dead-letter topic"),
    Example({"calls/worker.py": _ASYNC.replace("FAILED", _AGAIN)}, "sent to their own topic again, up to five times"),
)
HandBuiltQueueOnLog.good = (
    Example(
        {
            "mail/worker.py": """
                import smtplib
                import boto3

                sqs = boto3.client("sqs")
                URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/mail"

                while True:
                    for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
                        smtplib.SMTP("mail").sendmail("a@example.org", "b@example.org", message["Body"])
                        sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
                """,
        },
        "the queue retries and dead-letters by itself",
    ),
    Example(
        {"calls/worker.py": _ASYNC.replace("FAILED", 'await producer.send_and_wait("calls-dlq", message.value)')},
        "a dead-letter topic alone is good practice",
    ),
)

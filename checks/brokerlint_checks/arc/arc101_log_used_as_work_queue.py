"""ARC101 log-used-as-work-queue."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Group, Topology, Uses, closure, signals


class LogUsedAsWorkQueue(Check):
    """A topic is read by one group, one task after the other, and nothing that a log gives is used.

    ## What it finds
    A Kafka topic or Kinesis stream with one consumer group whose handler does a piece of work per record (an e-mail, an
    HTTP call, a database write), while order is not used and nobody reads history. Records without keys, work that is
    handed to a pool, or two hints (a name such as `email-jobs`, an attempt counter, slow work, a commit for each
    record, one record per poll) must support it. Celery on Kafka is always found.

    ## Why it is bad
    Work needs what queues have built in: retrying one message, delays, dead letters, as many workers as there is work.
    On a log all of it is built by hand, parallelism ends at the partitions, one slow record holds up all behind it, and
    a cluster has to be run for features that nobody uses.

    ## When it is fine
    A second group reads the topic (in code, a connector, a mapping), a consumer sets its position back, the topic is
    compacted, kept for long or fed by change data capture, producers use transactions, a stream framework reads it,
    order matters, or a share group distributes the work. Declare `needs` or `external_consumers` for what is not seen.

    ## Known problems
    Another repository may hold the second group: then the level is low, unless both ends and the broker are in the
    scanned tree. Where other topics of the tree are used as logs the cluster is there anyway, and the level is low too.
    """

    id, name = "ARC101", "log-used-as-work-queue"
    severity, confidence = Severity.ADVICE, Confidence.MEDIUM
    profiles = frozenset({"default", "advisory"})
    headline = True
    shows_low = True
    sources = (
        "https://kafka.apache.org/42/getting-started/upgrade",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every topic that is used like a task queue."""
        logs = {
            system: next((c for c in topology.channels(system=system) if next(signals.log_uses(c), None)), None)
            for system in ("kafka", "kinesis")
        }
        for channel in topology.channels(system=("kafka", "kinesis")):
            if channel.kind == "queue" or channel.is_dead_letter() or signals.is_retry(channel):
                continue
            celery = channel.consumers().where(
                lambda use: use.endpoint is not None and use.endpoint.library == "celery"
            )
            if celery and channel.system == "kafka":
                yield self._celery(channel, celery)
            else:
                yield from self._queue_like(topology, channel, logs[channel.system])

    def _celery(self, channel: ChannelNode, workers: Uses) -> Finding:
        message = f"{channel}: Celery tasks travel over Kafka: a work queue on a log"
        return (
            self.finding(message, channel, confidence=Confidence.CERTAIN)
            .at(*workers, *channel.producers())
            .advise("use SQS or another queue as Celery's broker")
        )

    def _queue_like(self, topology: Topology, channel: ChannelNode, log: ChannelNode | None) -> Iterator[Finding]:
        group = sole_group(channel)
        if group is None or signals.needs_order(channel) or next(signals.log_uses(channel), None):
            return
        tasks = [signals.task_like(use) for use in group.uses]
        if True not in tasks or False in tasks:
            return
        keys = signals.key_kinds(channel.producers().in_code())
        hints = _hints(channel, group)
        pooled = any(use.fact("handoff") in ("thread-pool", "process-pool", "task", "queue") for use in group.uses)
        if not (keys <= {"none", "random", "unknown"} or pooled or len(hints) >= 2):
            return
        closed = closure(topology, channel)
        message = (
            f"{channel}: one group {group.name} in {', '.join(group.services()) or 'the scanned code'}, one task per "
            "record, order unused, no replay found: this is a work queue on a log"
        )
        finding = (
            self.finding(message, channel, confidence=max(self.confidence, min(closed.level, Confidence.HIGH)))
            .at(*group.uses, *channel.producers())
            .checked("second group: none found", "setting the position back: none found", "use of order: none found")
            .checked("compaction or long retention: none declared", "stream framework, connector or share group: no")
            .resting_on(closed)
            .advise(f"hints: {', '.join(hints)}" if hints else "")
            .advise("use an SQS queue with a dead-letter queue", "or, on Kafka 4.2 and later, a share group")
        )
        if "unknown" in keys:
            finding = finding.capped(finding.confidence.lower, "how records are keyed is not known")
        if log is not None:
            why = f"the cluster carries {log.label} as a log anyway: this topic costs next to nothing more"
            finding = finding.capped(Confidence.LOW, why)
        yield finding


def sole_group(channel: ChannelNode) -> Group | None:
    """The one group that distributes the records to code; None when there are more, none, or it shares by itself."""
    consumers = channel.consumers().unless_tooling().in_same_environment()
    groups = [group for group in channel.groups() if any(use in consumers for use in group.uses)]
    if len(groups) != 1 or groups[0].key.startswith("@reader"):
        return None
    uses = Uses(use for use in groups[0].uses if use in consumers)
    if not uses.in_code() or any(use.fact("group_kind") == "share" for use in uses):
        return None
    if any(use.link is not None and use.link.properties.get("consumption_mode") == "Queue" for use in uses):
        return None
    return Group(groups[0].key, groups[0].name, groups[0].known, uses.in_code(), groups[0].confidence)


def _hints(channel: ChannelNode, group: Group) -> list[str]:
    """What supports the suspicion without proving it."""
    hints = []
    if signals.names_work(channel):
        hints.append("the name speaks of work")
    if any({"attempt", "not_before"} & set(use.fact("headers") or ()) for use in channel.producers()):
        hints.append("attempts are counted in the records")
    long_work = channel.topology.declarations.threshold("long_work")
    if any((use.fact("work_seconds") or 0) >= long_work for use in group.uses):
        hints.append("slow work")
    commits = [ack for use in group.uses for ack in use.fact("acks") or () if ack.get("kind") == "commit"]
    if commits and any(use.setting("max_poll_records") != 1 for use in group.uses):
        hints.append("a commit after each record")
    if any(use.setting("max_poll_records") == 1 for use in group.uses):
        hints.append("one record per poll")
    return hints


LogUsedAsWorkQueue.bad = (
    Example(
        {
            "docker-compose.yml": """
                services:
                  broker: {image: "apache/kafka:4.1.0"}
                  api: {build: ./api, command: python app.py}
                  mailer: {build: ./mailer, command: python worker.py}
                """,
            "api/Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "api/app.py": """
                from confluent_kafka import Producer

                producer = Producer({"bootstrap.servers": "broker:9092"})

                def register(address):
                    producer.produce("email-jobs", address)

                register("a@example.org")
                producer.flush()
                """,
            "mailer/Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "mailer/worker.py": """
                import smtplib
                from confluent_kafka import Consumer

                consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "mailer"})
                consumer.subscribe(["email-jobs"])
                server = smtplib.SMTP("mail")
                while True:
                    message = consumer.poll(1.0)
                    if message is None:
                        continue
                    if message.error():
                        raise RuntimeError(message.error())
                    server.sendmail("shop@example.org", message.value().decode(), "Welcome")
                    consumer.commit(message)
                """,
        },
        "an e-mail per record, one group, no keys",
        Confidence.MEDIUM,
    ),
    Example(
        {
            "tasks.py": """
                from celery import Celery

                app = Celery("tasks", broker="confluentkafka://localhost:9092")

                @app.task
                def resize(path):
                    open(path).read()

                def upload(path):
                    resize.delay(path)
                """,
        },
        "Celery with Kafka as its broker",
    ),
)
LogUsedAsWorkQueue.good = (
    Example(
        {
            "api/app.py": """
                import boto3

                sqs = boto3.client("sqs")

                def register(address):
                    sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/email-jobs", MessageBody=address)
                """,
        },
        "a queue for the work",
    ),
    Example(
        {
            "mailer/worker.py": """
                import smtplib
                from confluent_kafka import Consumer

                consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "mailer"})
                consumer.subscribe(["signups"])
                while True:
                    message = consumer.poll(1.0)
                    if message is not None and not message.error():
                        smtplib.SMTP("mail").sendmail("shop@example.org", message.value().decode(), "Welcome")
                """,
            "audit/reader.py": """
                import sqlite3
                from confluent_kafka import Consumer

                consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "audit"})
                consumer.subscribe(["signups"])
                database = sqlite3.connect("audit.db")
                while True:
                    message = consumer.poll(1.0)
                    if message is not None and not message.error():
                        database.execute("insert into signup values (?)", (message.value(),))
                """,
        },
        "two groups read the topic: it is used as a log",
    ),
)

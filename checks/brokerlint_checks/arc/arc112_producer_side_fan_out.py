"""ARC112 producer-side-fan-out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import code_name


class ProducerSideFanOut(Check):
    """A producer sends the same message to several queues, one after the other.

    ## What it finds
    A loop over channels whose payload does not depend on the loop variable, or two or more sends of an equal payload to
    different channels of one system in one function, none of them in a branch.

    ## Why it is bad
    Who gets the message is written in the producer: each new consumer means changing and deploying it. When the second
    send fails, the first consumer has the message and the others don't.

    ## When it is fine
    The payload differs per channel, exactly one branch runs (routing, sharding), the second channel takes dead letters
    or audit copies, or the second send is a fallback. Suppress it with a date during a migration.
    """

    id, name = "ARC112", "producer-side-fan-out"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = ("https://docs.aws.amazon.com/sns/latest/dg/sns-common-scenarios.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every loop over channels and every repeated send."""
        repeated: dict[tuple[str, str, str, str], list[Endpoint]] = defaultdict(list)
        for endpoint in topology.endpoints(role="produce"):
            facts = endpoint.facts
            if (
                facts.get("in_except")
                or facts.get("fallback")
                or topology.is_tooling(endpoint)
                or _only_built(endpoint)
            ):
                continue
            if facts.get("loop") == "over-channels":
                if facts.get("payload_loop_invariant") is True:
                    yield from self._fan_out(topology, [endpoint], "a loop")
            elif facts.get("payload") and facts.get("conditional") is False:
                key = (endpoint.place.path, endpoint.function, endpoint.system, str(facts["payload"]))
                repeated[key].append(endpoint)
        enough = topology.declarations.threshold("many_queues_config")
        for endpoints in repeated.values():
            sure = [endpoint for endpoint in endpoints if len(topology.channels_of(endpoint)) == 1]
            if len({topology.channels_of(endpoint)[0].key for endpoint in sure}) >= enough:
                yield from self._fan_out(topology, sure, "one function")

    def _fan_out(self, topology: Topology, endpoints: list[Endpoint], where: str) -> Iterator[Finding]:
        channels = {node.key: node for endpoint in endpoints for node in topology.channels_of(endpoint)}
        if any(_is_side_copy(node) for node in channels.values()) or _is_one(endpoints):
            return
        names = ", ".join(node.label for node in channels.values())
        count = str(len(channels)) if len(channels) > 1 else "several"
        kinds = f"{endpoints[0].system} channels"
        message = f"{code_name(endpoints[0])} sends the same message to {count} {kinds} in {where}"
        message += f" ({names}): each new consumer means changing this producer" if names else ""
        yield (
            self.finding(message, *channels.values())
            .at(*endpoints)
            .checked("payload depends on the channel: no", "only one branch runs: no", "dead letters or audit: no")
            .advise("publish once to an SNS topic, with one queue for each consumer")
        )


def _only_built(endpoint: Endpoint) -> bool:
    """The channel is decided where a wrapper is built; what is sent through it, and when, stands elsewhere."""
    return bool(endpoint.call_chain) and endpoint.function.rpartition(".")[2] in ("", "__init__")


def _is_one(endpoints: Collection[Endpoint]) -> bool:
    """Whether no process is known to send to more than one channel: a list of which one is known is no fan-out, though
    it could become one, and neither is one variable that each of several services sets or leaves to its default. What
    a wrapper loops over is not known where its channels are not."""
    names = [channel.name for endpoint in endpoints for channel in endpoint.channels if channel.name.kind != "unknown"]
    if not names:
        return all(endpoint.call_chain for endpoint in endpoints)
    if any(name.kind not in ("exact", "env") for name in names) or len({name.env or name.text for name in names}) > 1:
        return False
    texts: dict[str | None, set[str | None]] = defaultdict(set)
    for name in names:
        texts[name.service].add(name.text if name.kind == "exact" else None)
    return all(len(found - {None}) <= 1 for found in texts.values())


def _is_side_copy(node: ChannelNode) -> bool:
    return node.is_dead_letter() or node.declaration.role in ("audit", "dlq", "retry")


ProducerSideFanOut.bad = (
    Example(
        {
            "shop/orders.py": """
                import boto3

                sqs = boto3.client("sqs")
                BASE = "https://sqs.eu-west-1.amazonaws.com/123456789012/"

                def announce(body):
                    for url in (BASE + "mail", BASE + "stock", BASE + "crm"):
                        sqs.send_message(QueueUrl=url, MessageBody=body)
                """,
        },
        "a loop over three queues",
    ),
    Example(
        {
            "shop/orders.py": """
                from confluent_kafka import Producer

                producer = Producer({"bootstrap.servers": "broker:9092"})

                def announce(body):
                    producer.produce("orders-for-mail", body)
                    producer.produce("orders-for-stock", body)
                    producer.flush()
                """,
        },
        "the same record to two topics",
    ),
)
ProducerSideFanOut.good = (
    Example(
        {
            "shop/orders.py": """
                import boto3

                sns = boto3.client("sns")

                def announce(body):
                    sns.publish(TopicArn="arn:aws:sns:eu-west-1:123456789012:orders", Message=body)
                """,
        },
        "one topic, subscribed by each queue",
    ),
    Example(
        {
            "shop/orders.py": """
                import aioboto3

                async def route(body, urgent, fast, slow):
                    async with aioboto3.Session().resource("sqs") as sqs:
                        queue = await sqs.get_queue_by_name(QueueName="fast" if urgent else "slow")
                        await queue.send_message(MessageBody=body)
                """,
        },
        "one of two queues",
    ),
    Example(
        {
            "shop/bus.py": """
                import json

                from confluent_kafka import Producer

                class Bus:
                    def __init__(self):
                        self.producer = Producer({"bootstrap.servers": "broker:9092"})

                    def publish(self, topic, event):
                        if isinstance(event, dict):
                            message = json.dumps(event)
                        else:
                            message = event.model_dump_json()
                        self.producer.produce(topic, message)
                """,
            "shop/outbox.py": """
                from shop.bus import Bus

                def publish_all(rows):
                    bus = Bus()
                    for row in rows:
                        bus.publish(row.topic, row.data)
                """,
        },
        "each row of an outbox goes to its own topic",
    ),
)

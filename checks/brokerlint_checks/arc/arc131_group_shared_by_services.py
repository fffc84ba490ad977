"""ARC131 group-shared-by-services."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.checking.wording import joined
from brokerlint.topology import Group, Topology, Use, Uses
from brokerlint.topology.openworld import broker_hosts
from brokerlint_checks.arc.arc111_queue_shared_by_services import different_workers


class GroupSharedByServices(Check):
    """One consumer group is used by several services.

    ## What it finds
    A Kafka group id that two or more programs of one environment use with different handlers. The id must be known on
    both sides from a literal, a constant or a manifest; a default that deployments may override gives medium.

    ## Why it is bad
    A group shares the partitions of its topics among its members. On the same topic each service sees only a part of
    the records. On different topics nothing is lost, but each deployment of one service makes the other stop and
    rebalance.

    ## When it is fine
    Several instances of one program, the same handler in two deployments, a tool, or clusters that are not the same.

    ## Known problems
    Where only folders tell what a service is, two entry points of one program look like two services: the level is
    medium.
    """

    id, name = "ARC131", "group-shared-by-services"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    sources = ("https://kafka.apache.org/documentation/#intro_consumers",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every group with members of several programs."""
        for group in topology.groups("kafka"):
            if group.confidence < Confidence.HIGH:
                continue
            members = group.uses.in_code().unless_tooling().in_same_environment().where(_joins)
            workers = different_workers(members)
            if len(workers) > 1 and _one_cluster(members):
                yield self._shared(topology, group, workers)

    def _shared(self, topology: Topology, group: Group, workers: list[Uses]) -> Finding:
        names = sorted({use.who for worker in workers for use in worker})
        topics = [{use.channel for use in worker} for worker in workers]
        together = set.intersection(*topics)
        if together:
            what = f"of {', '.join(sorted(key.split(':', 1)[1] for key in together))} each sees only a part"
        else:
            what = "they read different topics, and each deployment of one makes the other rebalance"
        nodes = [node for worker in workers for use in worker if (node := topology.channel(use.channel))]
        finding = (
            self.finding(f"group '{group.name}' is used by {joined(names)}: {what}", *nodes)
            .at(*(worker[0] for worker in workers))
            .variety(group.name)
            .checked("same image and command: no", "same handler: no", "tool: no", "different clusters: no")
            .advise("give each service a group of its own")
        )
        if group.confidence < Confidence.CERTAIN:
            finding = finding.capped(Confidence.MEDIUM, "a deployment may override the group's default")
        if any(use.service and use.service.platform == "unknown" for worker in workers for use in worker):
            finding = finding.capped(Confidence.MEDIUM, "only folders tell the services apart")
        return finding


def _joins(use: Use) -> bool:
    """Who takes partitions itself is no member of the group that its configuration names."""
    return use.endpoint is None or use.endpoint.operation.rpartition(".")[2] not in ("assign", "incremental_assign")


def _one_cluster(members: Uses) -> bool:
    """No two members are known to talk to brokers that have nothing in common."""
    known = [set(hosts) for use in members if (hosts := broker_hosts(use.setting("bootstrap")))]
    return all(one & other for one in known for other in known)


_CONSUMER = """
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "orders", "enable.auto.commit": False})
    consumer.subscribe(["orders"])

    def invoice(order):
        print("invoice", order)

    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise RuntimeError(message.error())
        invoice(message.value())
        consumer.commit(message)
    """
_COMPOSE = """
    services:
      broker: {image: "apache/kafka:4.1.0"}
      billing: {build: ./billing, command: python app.py}
      mail: {build: ./mail, command: python app.py}
    """
_DOCKERFILE = "FROM python:3.12\nCOPY . .\n"


def _system(billing: str, mail: str) -> dict[str, str]:
    return {
        "docker-compose.yml": _COMPOSE,
        "billing/Dockerfile": _DOCKERFILE,
        "billing/app.py": billing,
        "mail/Dockerfile": _DOCKERFILE,
        "mail/app.py": mail,
    }


_DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: NAME}
    spec:
      selector: {matchLabels: {app: NAME}}
      template:
        metadata: {labels: {app: NAME}}
        spec:
          containers:
            - {name: NAME, image: "shop/NAME:1", command: [python, NAME/app.py], env: [{name: GROUP, value: VALUE}]}
    """
_ASYNC = """
    import os
    from aiokafka import AIOKafkaConsumer

    async def NAME():
        async with AIOKafkaConsumer("orders", bootstrap_servers="kafka:9092", group_id=os.environ["GROUP"]) as consumer:
            async for message in consumer:
                print("NAME", message.value)
    """


def _deployed(**groups: str) -> dict[str, str]:
    files = {}
    for name, group in groups.items():
        files[f"k8s/{name}.yaml"] = _DEPLOYMENT.replace("NAME", name).replace("VALUE", group)
        files[f"{name}/app.py"] = _ASYNC.replace("NAME", name)
    return files


GroupSharedByServices.bad = (
    Example(
        _system(_CONSUMER, _CONSUMER.replace("invoice", "send_receipt")),
        "billing and mail read one topic with one group",
        Confidence.MEDIUM,
    ),
    Example(_deployed(stock="shop", audit="shop"), "two deployments with one variable", Confidence.HIGH),
)
GroupSharedByServices.good = (
    Example(
        _system(
            _CONSUMER.replace('"group.id": "orders"', '"group.id": "billing"'),
            _CONSUMER.replace('"group.id": "orders"', '"group.id": "mail"').replace("invoice", "send_receipt"),
        ),
        "a group for each service",
    ),
    Example(_deployed(stock="stock", audit="audit"), "the variables differ"),
    Example(
        _system(
            _CONSUMER,
            _CONSUMER.replace('subscribe(["orders"])', 'assign([TopicPartition("orders", 0)])')
            .replace("import Consumer", "import Consumer, TopicPartition")
            .replace("invoice", "validate"),
        ),
        "one of them takes its partitions itself",
    ),
    Example(
        {
            "docker-compose.yml": _COMPOSE.replace("./mail", "./billing"),
            "billing/Dockerfile": _DOCKERFILE,
            "billing/app.py": _CONSUMER,
        },
        "two instances of one program",
    ),
)

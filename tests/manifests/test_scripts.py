"""Scripts and makefiles: what they create, and the services of entry scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from brokerlint.manifests.facts import ChannelFact, End, ManifestFacts, Text
from brokerlint.manifests.formats import scripts

Reader = Callable[[Mapping[str, str]], ManifestFacts]


def named(facts: ManifestFacts, system: str) -> dict[str, ChannelFact]:
    return {channel.logical: channel for channel in facts.channels if channel.system == system}


@pytest.mark.parametrize(
    ("path", "head"),
    [("run.sh", b""), ("start", b"#!/usr/bin/env bash\n"), ("Makefile", b""), ("x.mk", b""), ("x", b"#!/bin/sh -e\n")],
)
def test_scripts_are_recognised(path: str, head: bytes) -> None:
    assert scripts.wants(path, head)


@pytest.mark.parametrize(("path", "head"), [("a.py", b"#!/bin/sh"), ("tool", b"#!/usr/bin/python"), ("README", b"run")])
def test_other_files_are_not(path: str, head: bytes) -> None:
    assert not scripts.wants(path, head)


def test_kafka_topics_with_partitions_and_configuration(facts_of: Reader) -> None:
    facts = facts_of({
        "setup.sh": (
            "kafka-topics.sh --bootstrap-server b:9092 --create --if-not-exists --topic orders --partitions 6 \\\n"
            "  --replication-factor=3 --config retention.ms=60000 --config cleanup.policy=compact\n"
            "docker exec kafka kafka-topics --create --topic audit\nkafka-topics --list --topic seen\n"
        ),
    })  # fmt: skip
    topics = named(facts, "kafka")
    assert set(topics) == {"orders", "audit"}
    assert topics["orders"].properties == {
        "partitions": 6, "replication_factor": 3, "retention": 60, "cleanup_policy": "compact",
    }  # fmt: skip
    assert (topics["audit"].place.path, topics["audit"].place.line) == ("setup.sh", 3)


def test_a_loop_creates_one_topic_each(facts_of: Reader) -> None:
    script = 'TOPICS="orders payments"\nfor t in $TOPICS; do kafka-topics --create --topic shop.$t; done\n'
    facts = facts_of({"a.sh": script})
    assert set(named(facts, "kafka")) == {"shop.orders", "shop.payments"}


def test_a_name_that_only_a_variable_holds_is_no_channel(facts_of: Reader) -> None:
    assert facts_of({"a.sh": "kafka-topics --create --topic $TOPIC"}).channels == ()


def test_redpanda_topics(facts_of: Reader) -> None:
    topics = named(facts_of({"a.sh": "rpk topic create orders audit -p 3 -r 1 -c retention.ms=-1"}), "kafka")
    assert set(topics) == {"orders", "audit"}
    assert topics["orders"].properties == {"partitions": 3, "replication_factor": 1, "retention": -1}


def test_queues_with_attributes_and_their_dead_letter_queue(facts_of: Reader) -> None:
    facts = facts_of({
        "init.sh": (
            "awslocal sqs create-queue --queue-name orders-dlq\n"
            "awslocal sqs create-queue --queue-name orders --attributes "
            "'{\"VisibilityTimeout\": \"60\", \"RedrivePolicy\": "
            '"{\\"deadLetterTargetArn\\":\\"arn:aws:sqs:eu-west-1:000000000000:orders-dlq\\",'
            '\\"maxReceiveCount\\":\\"3\\"}"}\'\n'
            "aws --region r sqs create-queue --queue-name jobs.fifo --attributes FifoQueue=true,DelaySeconds=5\n"
        ),
    })  # fmt: skip
    queues = named(facts, "sqs")
    assert queues["orders"].properties["visibility_timeout"] == 60
    assert queues["orders"].properties["max_receive_count"] == 3
    assert queues["orders"].profile == "dev"
    assert queues["jobs.fifo"].properties == {"fifo": True, "delay": 5}
    assert queues["jobs.fifo"].profile == "unknown"
    (redrive,) = facts.links
    assert (redrive.kind, redrive.source) == ("redrive", End("sqs", Text("orders")))
    assert redrive.target == End("sqs", Text("arn:aws:sqs:eu-west-1:000000000000:orders-dlq"))


def test_topics_streams_subscriptions_and_mappings(facts_of: Reader) -> None:
    facts = facts_of({
        "init.sh": (
            "TOPIC=$(aws sns create-topic --name events --query TopicArn --output text)\n"
            "aws sns subscribe --topic-arn $TOPIC --protocol sqs --notification-endpoint arn:aws:sqs:r:1:orders "
            "--attributes RawMessageDelivery=true\n"
            "aws kinesis create-stream --stream-name clicks --shard-count 2\n"
            "aws lambda create-event-source-mapping --function-name fn --event-source-arn arn:aws:sqs:r:1:orders "
            "--batch-size 5\n"
        ),
    })  # fmt: skip
    assert set(named(facts, "sns")) == {"events"}
    assert named(facts, "kinesis")["clicks"].properties == {"shards": 2}
    subscription, mapping = facts.links
    assert subscription.source == End("sns", Text("events"))
    assert subscription.properties == {"raw_delivery": True}
    assert (mapping.kind, mapping.target, mapping.properties) == (
        "event_source_mapping", End("service", Text("fn")), {"batch_size": 5},
    )  # fmt: skip


def test_a_queue_that_earlier_commands_looked_up(facts_of: Reader) -> None:
    facts = facts_of({
        "deploy.sh": (
            "QUEUE=orders\n"
            "URL=$(aws sqs get-queue-url --queue-name \"$QUEUE\" --query 'QueueUrl' --output text)\n"
            "ARN=$(aws sqs get-queue-attributes --queue-url $URL --attribute-names QueueArn --output text)\n"
            "DLQ=$(aws sqs create-queue --queue-name orders-dlq --output json | jq -r '.QueueUrl')\n"
            'DLQ_ARN=$(aws sqs get-queue-attributes --queue-url "${DLQ}" --attribute-names QueueArn)\n'
            "aws lambda create-event-source-mapping --function-name fn --event-source-arn $ARN\n"
            "aws sqs set-queue-attributes --queue-url $URL --attributes "
            "'{\"RedrivePolicy\": \"{\\\"deadLetterTargetArn\\\":\\\"'$DLQ_ARN'\\\","
            "\\\"maxReceiveCount\\\":\\\"1\\\"}\"}'\n"
        ),
    })  # fmt: skip
    assert [(one.logical, one.place.line) for one in facts.channels] == [("orders-dlq", 4)]
    mapping, redrive = facts.links
    assert (mapping.source, mapping.target) == (End("sqs", Text("orders")), End("service", Text("fn")))
    assert (redrive.source, redrive.target) == (End("sqs", Text("orders")), End("sqs", Text("orders-dlq")))
    assert redrive.properties == {"max_receive_count": 1}


def test_what_a_variable_grows_to_is_bounded(facts_of: Reader) -> None:
    facts = facts_of(
        {"a.sh": "X=$(echo aaaaaaaa)\n" + "X=$(echo $X $X $X $X)\n" * 60 + "aws sqs create-queue --queue-name $X\n"}
    )
    assert facts.channels == ()


def test_recipes_of_a_makefile(facts_of: Reader) -> None:
    rules = "T = x\n\ntopics: up\n\t@docker exec k kafka-topics --create --topic orders\n\nup:\n\techo\n"
    facts = facts_of({"Makefile": rules})
    assert named(facts, "kafka")["orders"].place.line == 4


ENTRY = """#!/bin/sh
case "$1" in
  web) exec gunicorn shop.web:app ;;
  worker) exec celery -A shop worker -Q orders ;;
  migrate) exec python manage.py migrate ;;
  shell) exec bash ;;
esac
"""


def test_every_program_that_an_entry_script_can_start_is_a_service(facts_of: Reader) -> None:
    services = {one.name: one for one in facts_of({"entrypoint.sh": ENTRY}).services}
    assert set(services) == {"web", "worker"}
    assert services["worker"].command == ("celery", "-A", "shop", "worker", "-Q", "orders")
    assert services["worker"].place.line == 4


def test_options_of_a_script_are_no_services(facts_of: Reader) -> None:
    script = "case $1 in\n  --port) P=$2; shift 2 ;;\n  stage) S=$2 ;;\nesac\npython deploy.py\n"
    assert facts_of({"run.sh": script}).services == ()


def test_unless_another_manifest_chooses_among_them(facts_of: Reader) -> None:
    facts = facts_of({
        "entrypoint.sh": ENTRY,
        "Dockerfile": 'FROM python\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./entrypoint.sh"]\n',
        "shop/worker.py": "",
        "docker-compose.yml": "services:\n  jobs:\n    build: .\n    command: worker\n",
    })  # fmt: skip
    (service,) = facts.services
    assert service.name == "jobs"
    assert service.command == ("celery", "-A", "shop", "worker", "-Q", "orders")


def test_programs_started_side_by_side_in_the_background(facts_of: Reader) -> None:
    script = "source venv/activate && python poller.py &\npython mailer.py --loud &\nwait\n"
    facts = facts_of({"scripts/run_all.sh": script})
    assert {one.name: one.roots for one in facts.services} == {"poller": ("",), "mailer": ("",)}


def test_workers_are_called_as_they_call_themselves_never_by_an_option(facts_of: Reader) -> None:
    script = (
        "celery -A shop worker -n urgent@%h -Q mail,push &\n"
        "celery -A shop worker --hostname rest --concurrency=$SIZE &\n"
        "celery -A shop beat --loglevel=INFO &\n"
    )
    assert [one.name for one in facts_of({"run_celery.sh": script}).services] == ["urgent", "rest", "beat"]


def test_a_script_that_is_there_to_start_a_worker(facts_of: Reader) -> None:
    facts = facts_of({
        "scripts/run_celery_mail.sh": '#!/bin/sh\nset -e\necho "go"\ncelery -A shop.app worker -Q mail,retry\n',
        "scripts/run_server_local.sh": "python manage.py runserver\n",
        "scripts/purge.sh": "celery -A shop.app purge\n",
    })  # fmt: skip
    assert [(one.name, one.roots) for one in facts.services] == [("run_celery_mail", ("",))]


def test_a_worker_script_that_an_image_starts_is_no_second_service(facts_of: Reader) -> None:
    facts = facts_of({
        "Dockerfile": 'FROM python\nCOPY . .\nCMD ["./run_worker.sh"]\n',
        "run_worker.sh": "exec celery -A app worker\n",
        "app.py": "",
    })  # fmt: skip
    assert [one.platform for one in facts.services] == ["docker"]


def test_programs_that_are_called_alike_are_told_apart_by_their_folders(facts_of: Reader) -> None:
    facts = facts_of({"start.sh": "python app/orders/producer.py &\npython app/drivers/producer.py &\nwait\n"})
    assert {one.name for one in facts.services} == {"orders-producer", "drivers-producer"}
    assert len({one.key for one in facts.services}) == 2


def test_what_a_script_starts_belongs_to_the_container_that_runs_the_script(facts_of: Reader) -> None:
    facts = facts_of({
        "start.sh": "python orders.py &\npython drivers.py &\nwait\n",
        "docker-compose.yml": "services:\n  feed:\n    build: .\n    command: bash -c /app/start.sh\n",
        "Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n",
        "orders.py": "",
        "drivers.py": "",
    })  # fmt: skip
    assert [one.name for one in facts.services] == ["feed"]

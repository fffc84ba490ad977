"""Compose files: services as an architect would draw them, with what their variables hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest

from brokerlint.manifests.facts import ManifestFacts, ServiceFact
from brokerlint.manifests.formats import compose
from brokerlint.manifests.values import text_of
from brokerlint.places import Place

Reader = Callable[[Mapping[str, str]], ManifestFacts]

PYTHON = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nENV STAGE=image GROUP_ID=image\nCMD ["python", "main.py"]\n'
ORDERS = {"orders/Dockerfile": PYTHON, "orders/main.py": "", "orders/worker.py": ""}

BUILT = "services:\n  orders:\n    build: orders\n"
BOMB = "\n".join(
    [
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]",
        *(f"{name}: &{name} [{', '.join(['*' + below] * 9)}]" for below, name in pairwise("abcdefghi")),
    ]
)


def one(facts: ManifestFacts) -> ServiceFact:
    (service,) = facts.services
    return service


def held(service: ServiceFact) -> dict[str, str | None]:
    return {name: text_of(setting.value) for name, setting in service.environment.items()}


def orders(facts_of: Reader, lines: str, **further: str) -> ServiceFact:
    """The service ``orders`` built from its folder, with further ``lines`` of compose and further files."""
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    text = f"services:\n  orders:\n    build: ./orders\n{body}"
    others = {path.replace("__", "/").replace("_dot_", "."): content for path, content in further.items()}
    return one(facts_of({"docker-compose.yml": text, **ORDERS, **others}))


@pytest.mark.parametrize(
    "path", ["docker-compose.yml", "compose.yaml", "a/docker-compose.prod.yml", "compose-dev.yaml", "docker-stack.yml"]
)
def test_compose_files_are_recognised_by_name(path: str) -> None:
    assert compose.wants(path, b"")


def test_other_files_by_services_with_images() -> None:
    assert compose.wants("infra/kafka.yaml", b"version: '3'\nservices:\n  kafka:\n    image: x\n")
    assert not compose.wants("infra/kafka.yaml", b"services:\n  - name: x\n")
    assert not compose.wants("k8s/x.yaml", b"apiVersion: v1\nservices:\n  kafka:\n    image: x\n")
    assert not compose.wants("docker-compose.md", b"services:")


# --- Roots and commands -------------------------------------------------------------------------------------------


def test_a_service_has_the_root_of_its_build_and_the_command_of_its_image(facts_of: Reader) -> None:
    service = orders(facts_of, "")
    assert (service.name, service.roots, service.command) == ("orders", ("orders",), ("python", "main.py"))
    assert (service.platform, service.profile) == ("compose", "dev")
    assert (service.place.path, service.place.line) == ("docker-compose.yml", 2)


@pytest.mark.parametrize(
    ("lines", "command"),
    [
        ("command: python worker.py --fast", ("python", "worker.py", "--fast")),
        ('command: ["python", "worker.py"]', ("python", "worker.py")),
        ('command: bash -c "alembic upgrade head && exec python worker.py"', ("python", "worker.py")),
        ("command: poetry run python worker.py", ("python", "worker.py")),
        ("entrypoint: python\ncommand: worker.py", ("python", "worker.py")),
        ("entrypoint: [python, worker.py]", ("python", "worker.py")),
        ("command: dumb-init -- ddtrace-run python worker.py", ("python", "worker.py")),
        ('command: sh -c "python main.py & python worker.py"', ("python", "main.py", ";", "python", "worker.py")),
    ],
)
def test_the_command_is_what_really_starts(facts_of: Reader, lines: str, command: tuple[str, ...]) -> None:
    assert orders(facts_of, lines).command == command


def test_entry_scripts_and_makefiles_are_followed(facts_of: Reader) -> None:
    script = 'if [ "$1" = "worker" ]; then\n  exec celery -A orders worker -Q ${QUEUE:-jobs}\nfi\nexec python main.py\n'
    service = orders(
        facts_of, "entrypoint: /app/start.sh\ncommand: worker\nenvironment:\n  QUEUE: mail", orders__start_dot_sh=script
    )
    assert service.command == ("celery", "-A", "orders", "worker", "-Q", "mail")
    service = orders(facts_of, "command: make serve", orders__Makefile="serve:\n\tpython -m worker\n")
    assert service.command == ("python", "-m", "worker")


def test_a_script_that_waits_passes_the_command_on(facts_of: Reader) -> None:
    wait = '#!/bin/sh\nhost="$1"\nshift\nuntil nc -z $host; do sleep 1; done\nexec "$@"\n'
    service = orders(facts_of, "command: ./wait.sh kafka python worker.py", orders__wait_dot_sh=wait)
    assert service.command == ("python", "worker.py")


def test_the_whole_tree_as_context_with_the_dockerfile_of_a_service(facts_of: Reader) -> None:
    facts = facts_of({
        "compose.yml": "services:\n  mail:\n    build: {context: ., dockerfile: services/mail/Dockerfile}\n",
        "services/mail/Dockerfile": (
            "FROM python\nWORKDIR /srv\nENV PYTHONPATH=/srv/src\nCOPY services/mail/ /srv\nCOPY libs/bus /srv/bus\n"
            'CMD ["faststream", "run", "main:app"]\n'
        ),
        "services/mail/src/main.py": "",
        "libs/bus/__init__.py": "",
    })  # fmt: skip
    assert one(facts).roots == ("services/mail", "libs", "services/mail/src")


def test_one_dockerfile_builds_several_services_by_its_arguments(facts_of: Reader) -> None:
    facts = facts_of({
        "compose.yml": (
            "services:\n  mail:\n    build: {context: ., args: {NAME: mail, API_TOKEN: hunter2}}\n"
            "  orders:\n    build:\n      context: .\n      args: [NAME=orders, MODULE=jobs]\n"
        ),
        "Dockerfile": (
            "FROM python\nARG NAME\nARG MODULE=main\nWORKDIR /srv/$NAME\nCOPY apps/${NAME} .\n"
            "ENV ORDERS_TOPIC=${NAME}-topic\nCMD python -m $MODULE\n"
        ),
        "apps/mail/main.py": "",
        "apps/orders/jobs.py": "",
    })  # fmt: skip
    found = {s.name: (s.roots, s.command, held(s)["ORDERS_TOPIC"]) for s in facts.services}
    assert found == {
        "mail": (("apps/mail",), ("python", "-m", "main"), "mail-topic"),
        "orders": (("apps/orders",), ("python", "-m", "jobs"), "orders-topic"),
    }
    assert "hunter2" not in repr(facts)


def test_a_mounted_folder_gives_the_root_of_a_plain_image(facts_of: Reader) -> None:
    facts = facts_of({
        "deploy/compose.yml": (
            "services:\n  job:\n    image: python:3.12\n    working_dir: /code\n    command: python run.py\n"
            "    volumes:\n      - ../jobs:/code:ro\n      - data:/data\n"
        ),
        "jobs/run.py": "",
    })  # fmt: skip
    assert one(facts).roots == ("jobs",)


def test_one_image_built_once_runs_many_processes(facts_of: Reader) -> None:
    facts = facts_of({
        "compose.yml": (
            "services:\n  web:\n    build: ./orders\n    image: shop:latest\n"
            "  worker:\n    image: shop:latest\n    command: python worker.py\n"
        ),
        **ORDERS,
    })  # fmt: skip
    assert {s.name: (s.roots, s.command) for s in facts.services} == {
        "web": (("orders",), ("python", "main.py")),
        "worker": (("orders",), ("python", "worker.py")),
    }


def test_a_build_target_is_the_stage_that_runs(facts_of: Reader) -> None:
    facts = facts_of({
        "compose.yml": "services:\n  w:\n    build: {context: ., target: worker}\n",
        "Dockerfile": 'FROM python AS worker\nCOPY . .\nCMD ["python", "w.py"]\nFROM python\nCMD ["python", "x.py"]\n',
        "w.py": "",
    })  # fmt: skip
    assert one(facts).command == ("python", "w.py")


# --- What is no service -------------------------------------------------------------------------------------------


def test_products_and_idle_containers_are_no_services(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": (
            "services:\n  db:\n    image: postgres:16\n  kafka:\n    image: apache/kafka:3.9.0\n"
            "  localstack:\n    image: localstack/localstack\n  grafana:\n    build: ./grafana\n"
            "  dev:\n    build: ./orders\n    command: sleep infinity\n  web:\n    build: ./web\n"
            "  metrics:\n    image: prom/prometheus\n    volumes:\n      - ./orders:/conf\n"
        ),
        "grafana/Dockerfile": "FROM grafana/grafana\nCOPY . /etc/grafana\n",
        "web/Dockerfile": 'FROM node\nCMD ["npm", "start"]\n',
        "web/tool.py": "",
        **ORDERS,
    })  # fmt: skip
    assert facts.services == ()


def test_a_migration_is_tooling(facts_of: Reader) -> None:
    assert orders(facts_of, "command: python manage.py migrate").properties == {"tooling": True}


def test_a_script_that_only_prepares_is_tooling(facts_of: Reader) -> None:
    script = "#!/bin/sh\npsql -f schema.sql\necho done\n"
    assert orders(facts_of, "command: ./init.sh", orders__init_dot_sh=script).properties == {"tooling": True}


# --- Variables ----------------------------------------------------------------------------------------------------


def test_own_variables_come_before_those_of_files_and_those_before_the_image(facts_of: Reader) -> None:
    service = orders(
        facts_of,
        "env_file:\n  - a.env\n  - {path: b.env, required: false}\n  - missing.env\nenvironment:\n  - ORDERS_TOPIC=own",
        a_dot_env="ORDERS_TOPIC=a\nAUDIT_TOPIC=a\nGROUP_ID=a\n",
        b_dot_env="AUDIT_TOPIC=b\n",
    )
    assert held(service) == {"ORDERS_TOPIC": "own", "AUDIT_TOPIC": "b", "GROUP_ID": "a", "STAGE": "image"}
    assert service.environment["AUDIT_TOPIC"].place == Place("b.env", 1)
    assert service.environment["ORDERS_TOPIC"].place.line == 9


def test_the_project_file_only_fills_in_texts(facts_of: Reader) -> None:
    service = orders(
        facts_of,
        "environment:\n  ORDERS_TOPIC: ${PREFIX}-orders\n  AUDIT_TOPIC: ${AUDIT:-audit}\n  GROUP_NAME: ${NOT_SET}\n"
        "  PASSED_TOPIC:",
        _dot_env="PREFIX=shop\nPASSED_TOPIC=passed\nUNUSED_TOPIC=x\n",
    )
    known = held(service)
    assert known["ORDERS_TOPIC"] == "shop-orders"
    assert known["AUDIT_TOPIC"] == "audit"
    assert known["GROUP_NAME"] is None
    assert known["PASSED_TOPIC"] == "passed"
    assert service.environment["AUDIT_TOPIC"].exactness == "defaulted"
    assert service.environment["UNUSED_TOPIC"].exactness == "alternative"


def test_a_file_beside_the_code_is_an_alternative(facts_of: Reader) -> None:
    service = orders(facts_of, "", orders___dot_env="ORDERS_TOPIC=orders\nSTAGE=x\n")
    assert service.environment["ORDERS_TOPIC"].exactness == "alternative"
    assert held(service)["STAGE"] == "image"


def test_anchors_merge_keys_and_both_forms_of_variables(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": (
            "x-env: &env\n  BROKER_URL: kafka:9092\n  ORDERS_TOPIC: base\n"
            "services:\n  orders:\n    build: orders\n    environment:\n      <<: *env\n      ORDERS_TOPIC: own\n"
        ),
        **ORDERS,
    })  # fmt: skip
    known = held(one(facts))
    assert (known["BROKER_URL"], known["ORDERS_TOPIC"]) == ("kafka:9092", "own")


def test_passwords_are_never_kept(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": (
            "services:\n  orders:\n    build: orders\n    env_file: .env\n    environment:\n"
            "      DB_PASSWORD: hunter2\n      API_TOKEN: ${TOKEN:-hunter2}\n      CELERY_BROKER_URL: amqp://u:hunter2@mq//\n"
        ),
        ".env": "KAFKA_PASSWORD=hunter2\n",
        "orders/.env": "AWS_SECRET_ACCESS_KEY=hunter2\n",
        **ORDERS,
    })  # fmt: skip
    assert "hunter2" not in repr(facts)
    assert held(one(facts))["CELERY_BROKER_URL"] == "amqp://mq//"
    assert {"DB_PASSWORD", "KAFKA_PASSWORD"} <= one(facts).environment.keys()


# --- Files together -----------------------------------------------------------------------------------------------


def test_extends_takes_over_and_own_values_win(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": (
            "services:\n  orders:\n    extends: {service: base, file: common/base.yml}\n    command: python worker.py\n"
            "    environment: {ORDERS_TOPIC: own}\n"
        ),
        "common/base.yml": (
            "services:\n  base:\n    build: ../orders\n    environment: {ORDERS_TOPIC: base, AUDIT_TOPIC: base}\n"
        ),
        **ORDERS,
    })  # fmt: skip
    service = next(s for s in facts.services if s.name == "orders")
    assert service.command == ("python", "worker.py")
    assert (held(service)["ORDERS_TOPIC"], held(service)["AUDIT_TOPIC"]) == ("own", "base")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("services:\n  a:\n    extends: b\n    build: orders\n  b:\n    extends: a\n", "in turn"),
        ("services:\n  a:\n    extends: a\n    build: orders\n", "in turn"),
        ("services:\n  a:\n    extends: {service: x, file: no.yml}\n    build: orders\n", "not there"),
        ("services:\n  a:\n    extends: x\n    build: orders\n", "not there"),
    ],
)
def test_circles_and_missing_bases_are_told_and_the_rest_is_read(facts_of: Reader, text: str, reason: str) -> None:
    facts = facts_of({"docker-compose.yml": text, **ORDERS})
    assert any(reason in problem.message for problem in facts.diagnostics)
    assert "a" in {service.name for service in facts.services}


def test_an_override_file_changes_the_service(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": f"{BUILT}    environment: {{ORDERS_TOPIC: a, AUDIT_TOPIC: a}}\n",
        "docker-compose.override.yml": "services:\n  orders:\n    environment: {ORDERS_TOPIC: b}\n    scale: 3\n",
        **ORDERS,
    })  # fmt: skip
    service = one(facts)
    assert (held(service)["ORDERS_TOPIC"], held(service)["AUDIT_TOPIC"]) == ("b", "a")
    assert service.properties == {"replicas_max": 3}


def test_a_file_for_another_environment_is_a_deployment_of_its_own(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": f"{BUILT}    environment: {{ORDERS_TOPIC: dev, AUDIT_TOPIC: a}}\n",
        "docker-compose.prod.yml": (
            "services:\n  orders:\n    environment: {ORDERS_TOPIC: live}\n    deploy: {replicas: 4}\n"
        ),
        **ORDERS,
    })  # fmt: skip
    services = {service.profile: service for service in facts.services}
    assert {name: held(one)["ORDERS_TOPIC"] for name, one in services.items()} == {"dev": "dev", "prod": "live"}
    assert held(services["prod"])["AUDIT_TOPIC"] == "a"
    assert services["prod"].properties == {"replicas_max": 4}
    assert services["prod"].command == ("python", "main.py")


@pytest.mark.parametrize(
    ("path", "lines", "profile"),
    [
        ("docker-compose.yml", "", "dev"),
        ("docker-compose.prod.yml", "", "prod"),
        ("deploy/production/compose.yml", "", "prod"),
        ("docker-compose.test.yml", "", "test"),
        ("docker-compose.yml", "    profiles: [test]\n", "test"),
        ("docker-compose.yml", "    profiles: [monitoring]\n", "dev"),
    ],
)
def test_names_tell_the_environment(facts_of: Reader, path: str, lines: str, profile: str) -> None:
    facts = facts_of({path: f"services:\n  orders:\n    image: orders\n    command: python main.py\n{lines}", **ORDERS})
    assert one(facts).profile == profile


def test_a_file_of_the_first_version_is_read(facts_of: Reader) -> None:
    text = "orders:\n  build: orders\n  environment:\n    - ORDERS_TOPIC=x\n"
    facts = facts_of({"docker-compose.yml": text, **ORDERS})
    assert one(facts).name == "orders"


# --- Brokers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "basics"),
    [
        ("apache/kafka", {"pinned_image": False}),
        ("apache/kafka:latest", {"pinned_image": False}),
        ("registry:5000/apache/kafka", {"pinned_image": False}),
        ("apache/kafka@sha256:0123", {"pinned_image": True}),
        ("apache/kafka:${KAFKA_VERSION}", None),
    ],
)
def test_the_image_of_a_broker_may_change(image: str, basics: dict[str, bool] | None, facts_of: Reader) -> None:
    facts = facts_of({"docker-compose.yml": f"services:\n  kafka:\n    image: '{image}'\n"})
    assert facts.channels[0].properties.get("basics") == basics


def test_a_broker_is_a_cluster_with_its_settings(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": (
            "services:\n  kafka:\n    image: confluentinc/cp-kafka:7.6.1\n    environment:\n"
            "      KAFKA_ZOOKEEPER_CONNECT: zookeeper:2181\n      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1\n"
            "      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false'\n      KAFKA_NUM_PARTITIONS: 4\n"
            "      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: IN:PLAINTEXT,OUT:SASL_SSL\n"
            "      KAFKA_ADVERTISED_LISTENERS: IN://kafka:29092,OUT://localhost:9092\n"
            "  kafka2:\n    image: confluentinc/cp-kafka:7.6.1\n  zookeeper:\n    image: confluentinc/cp-zookeeper\n"
            "  ui:\n    image: provectuslabs/kafka-ui\n  connect:\n    image: debezium/connect:2\n"
        ),
    })  # fmt: skip
    (cluster,) = facts.channels
    assert (cluster.system, cluster.kind, cluster.logical, cluster.profile) == ("kafka", "cluster", "kafka", "dev")
    assert cluster.properties["brokers"] == 2
    assert cluster.properties["version"] == "7.6.1"
    assert cluster.properties["metadata"] == "zookeeper"
    assert cluster.properties["internal_replication"] == 1
    assert cluster.properties["auto_create"] is False
    assert cluster.properties["partitions"] == 4
    assert cluster.properties["storage"] == "ephemeral"
    assert cluster.properties["basics"] == {"pinned_image": True}
    assert cluster.properties["listeners"] == [
        {"name": "IN", "tls": False}, {"name": "OUT", "tls": True, "external": True},
    ]  # fmt: skip
    assert set(cluster.defaulted) == {"replication_factor", "min_insync_replicas"}


def test_topics_that_a_broker_or_a_helper_creates(facts_of: Reader) -> None:
    facts = facts_of({
        "docker-compose.yml": (
            "services:\n  kafka:\n    image: wurstmeister/kafka\n    environment:\n"
            "      KAFKA_CREATE_TOPICS: 'orders:3:1:compact,audit:1:1'\n"
            "  init:\n    image: confluentinc/cp-kafka\n    entrypoint: [/bin/sh, -c]\n    command: |\n"
            '      "\n      kafka-topics --create --topic late --partitions 2\n      "\n'
            "  checked:\n    image: apache/kafka\n    healthcheck:\n"
            "      test: [CMD-SHELL, kafka-topics.sh --create --topic healthy]\n"
        ),
    })  # fmt: skip
    topics = {channel.logical: channel.properties for channel in facts.channels if channel.kind == "topic"}
    assert topics == {
        "orders": {"partitions": 3, "replication_factor": 1, "cleanup_policy": "compact"},
        "audit": {"partitions": 1, "replication_factor": 1},
        "late": {"partitions": 2},
        "healthy": {},
    }
    clusters = [channel for channel in facts.channels if channel.kind == "cluster"]
    assert clusters[0].properties["brokers"] == 2


# --- Bad files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "services: [",
        "services:\n  orders: *missing\n  {{ jinja }}\n",
        BOMB,
        "[" * 500,
    ],
    ids=["broken", "templated", "alias bomb", "deep"],
)
def test_a_broken_file_is_one_diagnostic_and_harms_no_other(facts_of: Reader, text: str) -> None:
    facts = facts_of({
        "bad/docker-compose.yml": text,
        "docker-compose.yml": "services:\n  orders:\n    build: orders\n",
        **ORDERS,
    })  # fmt: skip
    assert one(facts).name == "orders"
    (problem,) = facts.diagnostics
    assert (problem.kind, problem.path) == ("manifest", "bad/docker-compose.yml")


@pytest.mark.parametrize(
    "body",
    ["build: 5", "build: []", "environment: text", "environment: [[a]]", "command: {a: b}", "volumes: {a: b}",
     "extends: [a]", "env_file: {a: b}", "healthcheck: 5", "deploy: 5", "scale: many", "build: {context: ../../..}"],
)  # fmt: skip
def test_values_of_the_wrong_kind_do_no_harm(facts_of: Reader, body: str) -> None:
    facts = facts_of({"docker-compose.yml": f"services:\n  a:\n    {body}\n  orders:\n    build: orders\n", **ORDERS})
    assert "orders" in {service.name for service in facts.services}
    assert not [problem for problem in facts.diagnostics if problem.kind == "crash"]

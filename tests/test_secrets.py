"""Passwords of deployment files are in nothing that brokerlint prints or keeps; those of code in nothing it prints.

What was read of code is kept with its constants, in a folder that only the user may open.
"""

# ruff: noqa: E501 -- files read best as they are written
from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from brokerlint.cache import DIRECTORY
from brokerlint.cli import run

FILES = {
    "app/worker.py": """
        import os
        import boto3
        from confluent_kafka import Consumer, Producer

        DATABASE = os.environ.get("DATABASE_URL", "postgres://app:hunter01@db/app")
        sqs = boto3.client("sqs", aws_secret_access_key="hunter02hunter02")
        producer = Producer({"bootstrap.servers": os.environ["BROKERS"], "sasl.password": "hunter03"})
        consumer = Consumer({"bootstrap.servers": "kafka:9092", "group.id": "g", "sasl.password": os.getenv("P", "hunter04")})
        consumer.subscribe([os.environ["ORDERS_TOPIC"]])
        while True:
            message = consumer.poll(1)
            producer.produce(os.environ["AUDIT_TOPIC"], message.value())
            sqs.send_message(QueueUrl=os.environ["JOBS_QUEUE_URL"], MessageBody="x")
        """,
    "app/Dockerfile": """
        FROM python:3.13
        ARG TOKEN=hunter05
        ENV DB_PASSWORD=hunter06 ORDERS_TOPIC=orders
        COPY . .
        CMD ["python", "worker.py"]
        """,
    "docker-compose.yml": """
        x-common: &common {POSTGRES_PASSWORD: hunter07}
        services:
          worker:
            build: app
            env_file: .env
            environment:
              <<: *common
              AUDIT_TOPIC: audit
              ADMIN_LOGIN: hunter08
              DATABASE_URL: postgres://app:hunter09@db/app
              BROKERS: kafka:9092
              QUEUE_CONFIG: '{"queue": "orders", "password": "hunter10"}'
          kafka:
            image: apache/kafka:4.0.0
            environment: {KAFKA_SASL_JAAS_CONFIG: "x password=hunter11;", KAFKA_NUM_PARTITIONS: 3}
        """,
    ".env": "API_KEY=hunter12\nSIGNING_SALT=hunter13\nPLAIN=hunter14\nJOBS_QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/1/jobs\n",
    "k8s/app.yaml": """
        apiVersion: v1
        kind: Secret
        metadata: {name: s}
        stringData: {PASSWORD: hunter15}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: c}
        data: {DB_PASS: hunter16, ORDERS_TOPIC: orders, GREETING: hunter17}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: other}
        spec:
          template:
            spec:
              containers:
                - name: other
                  image: app
                  command: [python, worker.py]
                  envFrom: [{configMapRef: {name: c}}, {secretRef: {name: s}}]
                  env: [{name: REDIS_PASSWORD, value: hunter18}, {name: AUDIT_TOPIC, value: audit}]
        ---
        apiVersion: kafka.strimzi.io/v1beta2
        kind: KafkaConnector
        metadata: {name: sink}
        spec: {class: a.S3SinkConnector, config: {topics: orders, aws.secret.access.key: hunter19}}
        """,
    "chart/Chart.yaml": "name: shop\n",
    "chart/values.yaml": "image: {repository: app}\npassword: hunter20\nenv: {DB_PASSWORD: hunter21, PLAIN: hunter22}\n",
    "chart/templates/d.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: charted}
        spec:
          template:
            spec:
              containers:
                - name: charted
                  image: app
                  command: [python, worker.py]
                  env:
                    - {name: DB_PASSWORD, value: {{ .Values.password | default "hunter23" }}}
                    - {name: ORDERS_TOPIC, value: orders}
        """,
    "template.yaml": """
        Transform: AWS::Serverless-2016-10-31
        Parameters: {DbPassword: {Type: String, NoEcho: true, Default: hunter24}, Token: {Type: String, Default: hunter25}}
        Globals: {Function: {Environment: {Variables: {API_TOKEN: hunter26, PLAIN: hunter27}}}}
        Resources:
          Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
          Db: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: hunter28}}
          Worker:
            Type: AWS::Serverless::Function
            Properties:
              CodeUri: app
              Handler: worker.handler
              Environment: {Variables: {SECRET: hunter29, DB: !Sub "postgres://u:hunter30@${Db}", PASS: !Ref DbPassword}}
              Events: {It: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}}
        """,
    "samconfig.toml": '[default.deploy.parameters]\nparameter_overrides = "DbPassword=hunter31 Token=hunter32"\n',
    "infra/main.tf": """
        variable "db_password" { default = "hunter33" }
        locals {
          token = "hunter34"
        }
        resource "aws_sqs_queue" "bills" { name = "bills" }
        resource "aws_lambda_function" "f" {
          function_name = "f"
          handler = "worker.handler"
          environment {
            variables = { PASSWORD = "hunter35", PLAIN = "hunter36", URL = "amqp://u:hunter37@mq", T = local.token, P = var.db_password }
          }
        }
        resource "aws_db_instance" "d" { password = "hunter38" }
        resource "aws_ssm_parameter" "p" {
          name  = "/shop/password"
          value = "hunter39"
        }
        """,
    "infra/terraform.tfvars": 'db_password = "hunter40"\n',
    "sls/serverless.yml": """
        service: shop
        provider: {name: aws, environment: {API_SECRET: hunter41, PLAIN: hunter42}}
        custom: {password: hunter43}
        functions:
          bill:
            handler: worker.handler
            environment: {DB_PASSWORD: "${self:custom.password}", BILLS_QUEUE: bills}
            events: [{sqs: "arn:aws:sqs:eu-west-1:1:bills"}]
        """,
    "Procfile": "worker: DB_PASSWORD=hunter44 python app/worker.py --password hunter45 --dsn=postgres://u:hunter46@db/x\n",
    "supervisord.conf": "[program:worker]\ncommand=python app/worker.py\nenvironment=DB_PASSWORD=hunter47,ORDERS_TOPIC=orders\n",
    "setup.sh": """
        #!/bin/sh
        export AWS_SECRET_ACCESS_KEY=hunter48
        kafka-topics.sh --create --topic orders --partitions 3 --command-config "password=hunter49"
        curl -u admin:hunter50 -X POST -d '{"name": "c", "config": {"connector.class": "a.JdbcSinkConnector", "topics": "orders", "connection.password": "hunter51"}}' http://connect/connectors
        """,
    "connector.json": '{"name": "c", "config": {"connector.class": "a.JdbcSourceConnector", "topic.prefix": "db-", "connection.password": "hunter52", "connection.url": "jdbc:x://u:hunter53@db"}}',
    "asyncapi.yaml": """
        asyncapi: 3.0.0
        info: {title: shop}
        servers: {main: {host: "u:hunter54@kafka:9092", protocol: kafka}}
        channels: {orders: {address: orders, bindings: {kafka: {partitions: 3}}}}
        operations: {get: {action: receive, channel: {$ref: '#/channels/orders'}}}
        """,
    "zappa_settings.json": '{"prod": {"app_function": "app.worker.app", "environment_variables": {"DB_PASSWORD": "hunter55"}, "aws_environment_variables": {"TOKEN": "hunter56"}}}',
    "openshift.yaml": """
        apiVersion: template.openshift.io/v1
        kind: Template
        parameters: [{name: DB_PASSWORD, value: hunter57}, {name: ORDERS_TOPIC, value: orders}]
        objects:
          - apiVersion: cloud.redhat.com/v1alpha1
            kind: ClowdApp
            metadata: {name: clowded}
            spec:
              kafkaTopics: [{topicName: "${ORDERS_TOPIC}"}]
              deployments:
                - name: w
                  podSpec:
                    image: app
                    command: [python, worker.py]
                    env: [{name: DB_PASSWORD, value: "${DB_PASSWORD}"}, {name: SECRET, value: hunter58}]
        """,
    "quix.yaml": """
        metadata: {version: 1.0}
        deployments:
          - name: q
            application: app
            variables: [{name: password, inputType: Secret, value: hunter59}, {name: input, inputType: InputTopic, value: orders}]
        """,
    "stacks/app.py": """
        from aws_cdk import App, Stack, aws_lambda as lambda_, aws_sqs as sqs

        class Shop(Stack):
            def __init__(self, scope, id):
                super().__init__(scope, id)
                queue = sqs.Queue(self, "Mail", queue_name="mail")
                lambda_.Function(self, "F", handler="worker.handler", code=lambda_.Code.from_asset("app"),
                                 environment={"DB_PASSWORD": "hunter60", "MAIL_QUEUE_URL": queue.queue_url})

        Shop(App(), "shop")
        """,
}  # fmt: skip

COMMANDS = [
    *(("check", "--select", "ALL", "--format", one) for one in "text github json sarif gitlab junit rdjson".split()),
    *(("graph", "--format", one) for one in "text json mermaid dot html asyncapi".split()),
    ("graph", "--trace"),
    *(("advise", "--cost", "--format", one) for one in "text json markdown".split()),
    ("check", "--write-baseline", "baseline.json"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    for path, text in FILES.items():
        lines = text.strip("\n").split("\n")
        margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(line[margin:] for line in lines) + "\n")
    return root


def test_no_password_is_printed_or_kept(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tree)
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "cache"))
    shown = {}
    for arguments in COMMANDS:
        code = run(arguments)
        shown[" ".join(arguments)] = "".join(capsys.readouterr())
        assert code in (0, 1), shown
    graph = shown["graph --format text"]
    assert all(name in graph for name in ("orders", "audit", "jobs", "bills", "mail")), "the files were not read"
    shown["baseline"] = (tree / "baseline.json").read_text()
    assert {name: secrets for name, text in shown.items() if (secrets := secrets_in(text))} == {}
    kept = [path for path in (tmp_path / "cache").rglob("*.pack") if path.is_file()]
    assert kept, "no cache was written"
    of_code = {one for path, text in FILES.items() if path.endswith(".py") for one in secrets_in(text)}
    for path in kept:
        assert secrets_in(path.read_bytes().decode("latin-1")) <= of_code
    assert os.name != "posix" or not (tmp_path / "cache").stat().st_mode & 0o077


def secrets_in(text: str) -> set[str]:
    return set(re.findall(r"hunter\d\d", text))

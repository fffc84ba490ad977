"""Values of variables: what names a channel stays, what could be a secret goes."""

from __future__ import annotations

import pytest

from brokerlint.manifests.privacy import keeps, kept, words_of


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORDERS_TOPIC", "orders"),
        ("OrdersQueueUrl", "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092,kafka2:9092"),
        ("GROUP_ID", "billing"),
        ("STAGE", "prod"),
        ("AWS_REGION", "eu-west-1"),
        ("NOTIFICATION_PREFIX", "acme"),
        ("SERVICE_NAME", "billing"),
        ("CELERY_BROKER_URL", "sqs://"),
        ("FLASK_APP", "web.py"),
        ("DJANGO_SETTINGS_MODULE", "shop.settings"),
        ("INPUT", "sensor-data"),
        ("PASSWORD_RESET_TOPIC", "password-reset"),
        ("TOKEN_QUEUE_NAME", "tokens"),
    ],
)
def test_a_name_about_messaging_or_deployment_keeps_its_value(name: str, value: str) -> None:
    assert keeps(name, value)


@pytest.mark.parametrize(
    "value",
    [
        "arn:aws:sqs:eu-west-1:123456789012:orders",
        "https://sqs.us-east-1.amazonaws.com/1/orders",
        "orders.fifo",
        "order-events",
        "broker-1:9092",
    ],
)
def test_a_value_that_is_a_channel_or_broker_is_kept_whatever_its_name(value: str) -> None:
    assert keeps("UPSTREAM", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_PASSWORD", "hunter2"),
        ("KAFKA_USERNAME", "orders"),
        ("KAFKA_SASL_PLAIN_PWD", "hunter2"),
        ("SQS_SECRET", "abc"),
        ("SQSAccessToken", "abc"),
        ("AWS_ACCESS_KEY_ID", "orders-queue"),
        ("KAFKA_API_KEY", "orders"),
        ("KAFKA_SASL_JAAS_CONFIG", "orders"),
        ("QUEUE_PASSWORD", "orders-queue"),
        ("KAFKA_CONFIG", "security=x\npassword=hunter2"),
        ("BROKER", "AKIAIOSFODNN7EXAMPLE"),
        ("TOPIC", "-----BEGIN PRIVATE KEY-----"),
        ("KAFKA_GROUP", "d41d8cd98f00b204e9800998ecf8427e"),
        ("BROKER_URL", "amqp://guest:guest@rabbit:5672"),
    ],
)
def test_what_may_be_a_secret_is_never_kept(name: str, value: str) -> None:
    assert not keeps(name, value)


@pytest.mark.parametrize(("name", "value"), [("GREETING", "hello"), ("DATABASE_URL", "postgres://db/shop"), ("X", "")])
def test_what_is_not_about_messaging_is_not_kept(name: str, value: str) -> None:
    assert not keeps(name, value)


def test_a_value_of_enormous_length_is_not_kept() -> None:
    assert not keeps("TOPIC", "x" * 5000)


def test_an_address_is_kept_without_its_login() -> None:
    assert kept("BROKER_URL", "amqp://guest:guest@rabbit:5672/%2f") == "amqp://rabbit:5672/%2f"
    assert kept("BROKER_URL", "amqp://guest:p@ss/w@rabbit/,amqp://guest:x@other/") == "amqp://other/"
    assert kept("DATABASE_URL", "postgres://me:pw@db/shop") is None


def test_words_are_told_apart_in_every_style_of_name() -> None:
    assert words_of("ordersTopicARN_v2") == ["orders", "topic", "arn", "v", "2"]
    assert words_of("SNS-topic.name") == ["sns", "topic", "name"]

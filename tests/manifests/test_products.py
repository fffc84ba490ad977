"""Images of products, told from programs of the tree."""

from __future__ import annotations

import pytest

from brokerlint.manifests.products import is_infrastructure, is_kafka, repository


@pytest.mark.parametrize(
    "image",
    [
        "postgres:16",
        "docker.io/library/redis:7-alpine",
        "bitnami/kafka",
        "confluentinc/cp-zookeeper:7.6.0",
        "mongo-express",
        "quay.io/cloudservices/redis-ephemeral:6",
        "localstack/localstack",
        "softwaremill/elasticmq-native",
        "grafana/grafana-oss",
    ],
)
def test_products(image: str) -> None:
    assert is_infrastructure(image)


@pytest.mark.parametrize(
    "image", ["acme/kafka-consumer", "redis-orders", "shop", "python:3.12", "postgres-sync:1", "", "acme/node-counter"]
)
def test_programs_named_after_products_are_none(image: str) -> None:
    assert not is_infrastructure(image)


@pytest.mark.parametrize(
    "image",
    ["confluentinc/cp-kafka:7.6.0", "apache/kafka-native", "bitnami/kafka:3", "wurstmeister/kafka",
     "docker.redpanda.com/redpandadata/redpanda:v24", "docker.io/confluentinc/confluent-local", "lensesio/box"],
)  # fmt: skip
def test_brokers(image: str) -> None:
    assert is_kafka(image)


@pytest.mark.parametrize(
    "image", ["provectuslabs/kafka-ui", "confluentinc/cp-kafka-connect", "acme/kafka", "confluentinc/cp-zookeeper"]
)
def test_images_around_brokers_are_none(image: str) -> None:
    assert not is_kafka(image)


def test_the_repository_is_the_last_part_of_the_name() -> None:
    assert repository("registry:5000/acme/shop:1.2@sha256:abc") == "shop"

"""Images of well-known products: infrastructure that a tree uses, not programs of its own."""

from __future__ import annotations

import re

_KAFKA = re.compile(
    r"(?:^|/)(?:cp-kafka|cp-server|cp-enterprise-kafka|confluent-local|kafka(?:-native)?|redpanda|fast-data-dev|box)"
    r"(?:[:@]|\Z)"
)
_KAFKA_OWNERS = re.compile(
    r"(?:^|/)(?:confluentinc|apache|bitnami|bitnamilegacy|wurstmeister|debezium|redpandadata|vectorized|landoop|lensesio"
    r"|strimzi|ubuntu|spotify|johnnypark|blacktop)/[\w.-]+"
)
_INFRASTRUCTURE = re.compile(
    r"(?:cp-|kafka|zookeeper|redpanda|localstack|elasticmq|moto\b|motoserver|goaws|kinesalite|postgres|postgis|timescale"
    r"|mysql|mariadb|mongo|redis|valkey|keydb|memcached|rabbitmq|nats|mosquitto|emqx|activemq|artemis|pulsar|minio|mc\b"
    r"|elasticsearch|opensearch|kibana|logstash|filebeat|fluent|grafana|prometheus|alertmanager|loki|promtail|tempo"
    r"|jaeger|zipkin|otel|opentelemetry|influx|telegraf|cassandra|scylla|clickhouse|neo4j|dgraph|couchdb|cockroach"
    r"|consul|vault|etcd|nginx|traefik|haproxy|envoy|caddy|keycloak|pgadmin|pgbouncer|adminer|mailhog|mailpit|maildev"
    r"|schema-registry|akhq|conduktor|kafdrop|flower|debezium|ksqldb|connect\b|busybox|alpine\b|sentry|unleash|wiremock"
    r"|mockserver|selenium|dynamodb|azurite|sonarqube|portainer|watchtower|cadvisor|node-exporter|statsd|graphite|spark|flink|hadoop|hive\b|trino|superset|metabase|schemaspy)"
)


def repository(image: str) -> str:
    """The last part of an image's name, without tag and digest: ``shop`` of ``registry:5000/acme/shop:1.2``."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def is_kafka(image: str) -> bool:
    """Whether the image is a Kafka broker (or Redpanda, which speaks Kafka)."""
    plain = image.lower()
    if "zookeeper" in plain or "connect" in plain or "ui" in re.split(r"[^a-z]", plain):
        return False
    return bool(_KAFKA.search(plain)) and ("/" not in plain or bool(_KAFKA_OWNERS.search(plain)))


def is_infrastructure(image: str) -> bool:
    """Whether the image is a well-known product and no program of the tree's own."""
    return _INFRASTRUCTURE.match(repository(image).lower()) is not None

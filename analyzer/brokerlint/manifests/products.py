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
_PRODUCTS = frozenset(
    "kafka zookeeper redpanda localstack elasticmq moto motoserver goaws kinesalite postgres postgresql postgis "
    "timescaledb mysql mariadb mongo mongodb redis redis-stack valkey keydb memcached rabbitmq nats mosquitto "
    "eclipse-mosquitto emqx activemq artemis pulsar minio mc elasticsearch opensearch kibana logstash filebeat fluentd "
    "fluent-bit grafana prometheus alertmanager loki promtail tempo jaeger zipkin otel opentelemetry influxdb telegraf "
    "cassandra scylla clickhouse neo4j dgraph couchdb cockroach consul vault etcd nginx traefik haproxy envoy caddy "
    "keycloak pgadmin pgadmin4 pgbouncer adminer mailhog mailpit maildev schema-registry akhq conduktor kafdrop flower "
    "debezium ksqldb connect busybox alpine sentry unleash wiremock mockserver selenium dynamodb azurite sonarqube "
    "portainer watchtower cadvisor node statsd graphite spark flink hadoop hive trino superset metabase schemaspy "
    "fast-data-dev box all-in-one".split()
)
_PARTS = frozenset(
    "server ui native exporter operator ee oss community alpine connect rest bridge manager cluster master slave "
    "replica sentinel management management-alpine express dashboard dashboards contrib collector query agent "
    "ephemeral local cli client backend frontend proxy gateway web all in one base unprivileged".split()
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
    """Whether the image is a well-known product and no program of the tree's own: ``redis-sentinel`` is one,
    ``redis-orders`` is not."""
    name = repository(image).lower()
    if name in _PRODUCTS or name.startswith("cp-"):
        return True
    parts = re.split(r"[-_.]", name)
    telling = [part for part in parts if part not in _PARTS and not re.fullmatch(r"v?\d+\w*", part)]
    return "-".join(telling) in _PRODUCTS

"""Kafka: producers, consumers, topics, connectors."""

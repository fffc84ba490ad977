"""Celery on SQS or Kafka: tasks are consumers, sends are producers, queues are channels.

Celery is code rather than a model: its channel is decided by an interplay of calls, decorators, routes and settings,
its consumers by the commands of its workers. Other brokers give no endpoints.
"""

from __future__ import annotations

from brokerlint.link.celery.endpoints import celery_endpoints

LIBRARIES = frozenset({"celery", "kombu", "billiard"})
"""Top-level packages that a folder of the program does not shadow (``app/celery/`` is a common place for tasks)."""

__all__ = ["LIBRARIES", "celery_endpoints"]

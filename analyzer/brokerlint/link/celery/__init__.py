"""Celery on SQS or Kafka: tasks are consumers, sends are producers, queues are channels.

Celery is code rather than a model: its channel is decided by an interplay of calls, decorators, routes and settings, and its
consumers by the commands of its workers. Other brokers give no endpoints.
"""

from __future__ import annotations

from brokerlint.link.celery.endpoints import celery_endpoints

__all__ = ["celery_endpoints"]

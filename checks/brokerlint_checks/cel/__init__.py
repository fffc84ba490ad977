"""Celery on SQS."""

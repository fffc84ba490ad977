"""What checks want to know of Celery's configuration, under normalised keys; no addresses, no keys to accounts."""

from __future__ import annotations

from typing import Any, TypeAlias

from brokerlint.link import naming
from brokerlint.link.celery.application import App
from brokerlint.link.celery.sends import Send
from brokerlint.link.celery.tasks import Task
from brokerlint.link.values import Collection, Const, EnvVar, Template, Unknown, Value, Values
from brokerlint.places import Place

Config: TypeAlias = dict[str, dict[str, Any]]

_OPTIONS = {
    "visibility_timeout": "visibility_timeout", "queue_name_prefix": "queue_prefix", "region": "region",
    "wait_time_seconds": "wait_time", "polling_interval": "polling_interval", "is_secure": "is_secure",
}  # fmt: skip
_SETTINGS = {
    "task_serializer": "serializer", "accept_content": "accept_content", "task_time_limit": "task_time_limit",
    "task_soft_time_limit": "task_soft_time_limit", "task_acks_late": "acks_late",
    "worker_prefetch_multiplier": "prefetch_multiplier", "worker_enable_remote_control": "remote_control",
    "task_always_eager": "always_eager", "task_create_missing_queues": "create_missing_queues",
}  # fmt: skip
_TASK_OPTIONS = {
    "acks_late": "acks_late", "time_limit": "task_time_limit", "soft_time_limit": "task_soft_time_limit",
    "serializer": "serializer", "max_retries": "max_retries", "default_retry_delay": "retry_delay",
}  # fmt: skip


def of_app(app: App) -> Config:
    """The settings of an application."""
    found = {key: setting(app.option(option)) for option, key in _OPTIONS.items() if app.option(option)}
    found |= {key: setting(app.get(name)) for name, key in _SETTINGS.items() if app.get(name)}
    if app.option("predefined_queues"):
        found["predefined_queues"] = {"value": True, "origin": "literal"}
    return found


def of_task(task: Task) -> Config:
    """The options of a task, which win over the settings."""
    return {key: setting(task.options[option]) for option, key in _TASK_OPTIONS.items() if task.options.get(option)}


def setting(values: Values) -> dict[str, Any]:
    """The first value that tells anything, with where it comes from."""
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, (str, int, float, bool)):
            return {"value": value.value, "origin": "constant" if value.trace else "literal"}
        if isinstance(value, Collection):
            return {"value": [_plain(item) for item in value.items], "origin": "literal"}
        if isinstance(value, EnvVar):
            default = next((v.value for v in value.default or () if isinstance(v, Const)), None)
            origin = "env-default" if default is not None else "env-required"
            return {"value": default, "origin": origin, "env": value.name}
        if isinstance(value, Template):
            name = naming.names((value,), "config")[0]
            return {"value": name.text, "origin": "derived"} | ({"env": name.env} if name.env else {})
    return {"value": None, "origin": "unknown"}


def _plain(item: Values) -> object:
    return next((value.value for value in item if isinstance(value, Const)), None)


def task_facts(task: Task) -> dict[str, object]:
    """What is known of a task that is run: it is acknowledged before its body unless ``acks_late`` says otherwise."""
    facts: dict[str, object] = {
        "loop_kind": "framework-task",
        "entry_kind": "consumer-handler",
        "group_kind": "none",
        "task": task.name,
    }
    late = task.options.get("acks_late") or (task.app.get("task_acks_late") if task.app is not None else ())
    if late and all(isinstance(value, Const) for value in late):
        facts["acks_late"] = any(isinstance(value, Const) and bool(value.value) for value in late)
    elif not late:
        facts["acks_late"] = False
    if "acks_late" in facts:
        position = "after" if facts["acks_late"] else "before"
        facts["acks"] = [{"kind": "delete", "position": position, "place": task.place}]
    return facts


def send_facts(send: Send, around: Task | None, entry: str, waits: list[Place]) -> dict[str, object]:
    """What is known of a send: its tasks, its delay, the message group, how its code is entered and where it waits."""
    facts: dict[str, object] = {"waits_for_reply": waits}
    names = list(dict.fromkeys(one.name for one in send.reading.signatures if one.name))
    if names:
        facts["task"] = names[0] if len(names) == 1 else names
    if around is not None or entry:
        facts["entry_kind"] = "consumer-handler" if around is not None else entry
    given = dict(send.arguments)
    delay = _number(given.get("countdown", ()))
    if delay is not None:
        facts["countdown"] = delay
    for key, fact in (("MessageGroupId", "group_id"), ("MessageDeduplicationId", "dedup_id")):
        if key in given:
            facts[fact] = _key(given[key])
    return facts


def _number(values: Values) -> int | float | None:
    numbers = [
        v.value
        for v in values
        if isinstance(v, Const) and isinstance(v.value, (int, float)) and not isinstance(v.value, bool)
    ]
    return numbers[0] if len(numbers) == 1 == len(values) else None


def _key(values: Values) -> dict[str, object]:
    known: list[Value] = [value for value in values if not isinstance(value, Unknown)]
    if len(known) == 1 == len(values) and isinstance(known[0], Const):
        return {"kind": "none" if known[0].value is None else "const", "text": known[0].value}
    return {"kind": "unknown", "text": None}

"""CEL102 task-acknowledged-early."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name


class TaskAcknowledgedEarly(Check):
    """A Celery task's message is deleted from SQS before the task runs.

    ## What it finds
    Tasks on an SQS broker that have effects and run without `acks_late`, which is Celery's default.

    ## Why it is bad
    When the worker dies while the task runs (a deployment, an out-of-memory kill), the task is gone. The queue's
    visibility timeout and dead letters never come into play.

    ## When it is fine
    Running twice would be worse than not at all: then early acknowledgement is right. Or the task is declared
    `best_effort`.
    """

    id, name = "CEL102", "task-acknowledged-early"
    severity, confidence = Severity.ADVICE, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    single = "Celery: the check is about its order of acknowledging and running"
    sources = ("https://docs.celeryq.dev/en/stable/userguide/configuration.html#task-acks-late",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """The tasks on SQS that are acknowledged first, together: one setting cures them all."""
        early = []
        for endpoint in topology.endpoints(role="consume", system="sqs", library="celery"):
            quiet = any(signals.is_quiet(queue) for queue in topology.channels_of(endpoint))
            if endpoint.facts.get("acks_late") is False and endpoint.facts.get("effects") != [] and not quiet:
                early.append(endpoint)
        if not early:
            return
        names = list(dict.fromkeys(code_name(endpoint) for endpoint in early))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        tasks = f"{len(names)} task{'s are' if len(names) > 1 else ' is'} deleted from SQS before running"
        message = f"{tasks} ({', '.join(names[:_SHOWN])}{more}): a worker that dies loses what it was doing"
        finding = self.finding(message).at(*early)
        if not any(endpoint.facts.get("effects") for endpoint in early):
            finding = finding.capped(Confidence.MEDIUM, "what the tasks do is not known")
        yield finding.checked("acks_late: no", "declared best effort: no").advise(
            "set task_acks_late=True and make the tasks safe to run twice"
        )


_SHOWN = 3
_TASKS = """
    import requests
    from celery import Celery

    app = Celery("payments", broker="sqs://")

    @app.task(LATE)
    def charge(card):
        requests.post("https://bank.example/charge", data=card)

    def pay(card):
        charge.delay(card)
    """
_SHARED = """
    import smtplib
    from celery import Celery, shared_task

    app = Celery("mails")
    app.conf.broker_url = "sqs://"
    app.conf.task_acks_late = LATE

    @shared_task
    def welcome(address):
        smtplib.SMTP("mail").sendmail("shop@example.org", address, "Welcome")
    """
TaskAcknowledgedEarly.bad = (
    Example({"payments.py": _TASKS.replace("LATE", "")}, "Celery's default"),
    Example({"mails.py": _SHARED.replace("LATE", "False")}, "switched off for all tasks"),
)
TaskAcknowledgedEarly.good = (
    Example({"payments.py": _TASKS.replace("LATE", "acks_late=True")}, "acknowledged afterwards"),
    Example({"mails.py": _SHARED.replace("LATE", "True")}, "switched on for all tasks"),
)

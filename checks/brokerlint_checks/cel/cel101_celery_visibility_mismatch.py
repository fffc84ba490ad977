"""CEL101 celery-visibility-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.tables import limit
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name, setting


class CeleryVisibilityMismatch(Check):
    """A Celery task on SQS is held or runs longer than its message is hidden, and so runs again and again.

    ## What it finds
    A constant countdown, or a time limit together with `acks_late`, above the effective visibility timeout (the
    transport option, else 1800 seconds). And a `visibility_timeout` option beside `predefined_queues`, where it has no
    effect.

    ## Why it is bad
    A worker holds a task with a countdown back after receiving it. When the queue shows the message again, another
    worker takes it as well: the task runs once per visibility timeout.

    ## When it is fine
    The broker is not SQS, a value is not known, or a predefined queue is declared with a longer timeout.
    """

    id, name = "CEL101", "celery-visibility-mismatch"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    single = "Celery: the check is about its transport for SQS"
    sources = ("https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/sqs.html#caveats",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every task that outlives its message's invisibility."""
        for endpoint in topology.endpoints(system="sqs", library="celery"):
            option = setting(endpoint, "visibility_timeout")
            predefined = setting(endpoint, "predefined_queues")
            if predefined and option is not None and endpoint.role == "consume":
                message = "visibility_timeout has no effect beside predefined_queues: the queue's own timeout holds"
                finding = self.finding(message, *topology.channels_of(endpoint)).at(endpoint).variety("ignored")
                yield finding.as_(Severity.WARNING).advise("set the visibility timeout where the queue is defined")
            held = _held(endpoint)
            visible = self._visibility(topology, endpoint, option, predefined=bool(predefined))
            if held and visible is not None and held[0] > visible:
                yield self._again(topology, endpoint, held, visible)

    def _again(self, topology: Topology, endpoint: Endpoint, held: tuple[float, str], visible: int) -> Finding:
        seconds, what = held
        most = limit("sqs", "max_visibility")
        finding = self.finding(
            f"{what} {seconds:g} s in {code_name(endpoint)} is longer than the visibility {visible} s on SQS: the task "
            f"runs again every {visible} s",
            *topology.channels_of(endpoint),
        ).at(endpoint)
        if seconds > most:
            return finding.advise(f"SQS cannot hide a message for more than {most} s: store the task and schedule it")
        return finding.advise(f"set broker_transport_options visibility_timeout above {seconds:g}")

    @staticmethod
    def _visibility(topology: Topology, endpoint: Endpoint, option: object, *, predefined: bool) -> int | None:
        """The timeout that holds: of a predefined queue, of the option, or the transport's default."""
        if predefined:
            found = [
                queue.effective("visibility_timeout", "default_visibility") for queue in topology.channels_of(endpoint)
            ]
            known = [value for value in found if isinstance(value, int)]
            return min(known) if known and len(known) == len(found) else None
        if option is None and endpoint.facts.get("config_complete") is False:
            return None
        return option if isinstance(option, int) else int(limit("sqs", "celery_visibility"))


def _held(endpoint: Endpoint) -> tuple[float, str] | None:
    """How long a message stays unacknowledged at a worker, and why; None when that is not known."""
    countdown = endpoint.facts.get("countdown")
    if countdown:
        return float(countdown), "the countdown"
    seconds = setting(endpoint, "task_time_limit")
    if endpoint.facts.get("acks_late") and isinstance(seconds, int | float):
        return float(seconds), "the time limit"
    return None


_TASKS = """
    from celery import Celery

    app = Celery("reports", broker="sqs://")
    OPTIONS

    @app.task
    def report(name):
        print(name)

    def later(name):
        report.apply_async(args=[name], countdown=7200)
    """
_PREDEFINED = """
    from celery import Celery

    app = Celery("exports", broker="sqs://")
    app.conf.task_default_queue = "exports"
    app.conf.broker_transport_options = {
        "predefined_queues": {"exports": {"url": "https://sqs.eu-west-1.amazonaws.com/123456789012/exports"}},
    }

    @app.task(acks_late=True, time_limit=3000)
    def export(name):
        print(name)

    export.delay("orders")
    """
_QUEUE = 'resource "aws_sqs_queue" "exports" {\n  name = "exports"\n  visibility_timeout_seconds = SECONDS\n}\n'
CeleryVisibilityMismatch.bad = (
    Example({"reports.py": _TASKS.replace("OPTIONS", "")}, "two hours with the default of half an hour"),
    Example(
        {"main.tf": _QUEUE.replace("SECONDS", "600"), "exports.py": _PREDEFINED}, "stopped after the queue's patience"
    ),
)
CeleryVisibilityMismatch.good = (
    Example(
        {"reports.py": _TASKS.replace("OPTIONS", 'app.conf.broker_transport_options = {"visibility_timeout": 10800}')},
        "hidden for three hours",
    ),
    Example(
        {"main.tf": _QUEUE.replace("SECONDS", "3600"), "exports.py": _PREDEFINED}, "the queue is patient for an hour"
    ),
)

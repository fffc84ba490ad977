"""How code is entered: by a web request, an event of the platform, a message, a schedule, or a command line."""

from __future__ import annotations

from brokerlint.link import objects
from brokerlint.link.callers import Callers
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import last_name
from brokerlint.link.values import ClassValue
from brokerlint.python import ir

HIGHEST = 4
"""Calls that are followed upwards."""

_MANY = 10
_ROUTES = frozenset(
    {
        "route",
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "api_view",
        "action",
        "websocket",
        "view",
        "api_route",
        "http",
        "page",
        "endpoint",
    }
)
_VIEWS = frozenset({
    "View", "APIView", "Resource", "MethodView", "RequestHandler", "ViewSet", "ModelViewSet", "GenericViewSet",
    "GenericAPIView", "HTTPEndpoint", "CreateAPIView", "ListCreateAPIView", "UpdateAPIView", "CreateView",
    "UpdateView", "FormView", "HTTPMethodView",
})  # fmt: skip
_VERBS = frozenset(
    {
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "options",
        "create",
        "update",
        "list",
        "perform_create",
        "perform_update",
        "form_valid",
    }
)
_COMMANDS = frozenset({"command", "group", "callback", "cli"})
_SCHEDULES = frozenset(
    {
        "scheduled_job",
        "periodic_task",
        "crontab",
        "timer",
        "schedule",
        "scheduled",
        "cron",
        "scheduled_function",
        "repeat_every",
        "db_periodic_task",
    }
)
_HANDLERS = frozenset({
    "subscriber", "agent", "on_sqs_message", "on_sns_message", "on_kinesis_record", "kafka_listener", "consumes",
    "consumer", "task", "shared_task", "actor", "job", "aws_sns_sqs", "on_cw_event",
})  # fmt: skip


class Entries:
    """The kinds of entry of functions, found by going up their callers; each function is asked once."""

    def __init__(self, ev: Evaluator, callers: Callers) -> None:
        self._ev = ev
        self._callers = callers
        self._known: dict[int, str] = {}

    def kind(self, path: str, chain: tuple[ir.Function | ir.Class, ...], height: int = 0) -> str:
        """``http``, ``lambda-handler``, ``consumer-handler``, ``cron``, ``cli``; "" when it can't be told."""
        functions = [one for one in chain if isinstance(one, ir.Function)]
        if not functions:
            return ""
        key = id(functions[-1])
        known = self._known.get(key)
        if known is None:
            self._known[key] = ""
            known = self._known[key] = self._find(path, chain, height)
        return known

    def _find(self, path: str, chain: tuple[ir.Function | ir.Class, ...], height: int) -> str:
        for depth in range(len(chain), 0, -1):
            one = chain[depth - 1]
            if isinstance(one, ir.Function):
                found = self.own(path, chain[:depth])
                if found:
                    return found
        if height >= HIGHEST:
            return ""
        for step in self._callers.into(path, chain)[:_MANY] if isinstance(chain[-1], ir.Function) else ():
            if step.how == "call" and self._callers.certain(step):
                found = self.kind(step.here.module.path, step.here.chain, height + 1)
                if found:
                    return found
        return ""

    def own(self, path: str, chain: tuple[ir.Function | ir.Class, ...]) -> str:
        """What the decorators, name and class of the innermost function of ``chain`` tell, its callers aside."""
        function = chain[-1]
        if not isinstance(function, ir.Function):
            return ""
        for decorator in function.decorators:
            name = last_name(decorator.function if isinstance(decorator, ir.Call) else decorator)
            if name in _ROUTES and isinstance(decorator, (ir.Call, ir.Name)):
                return "http"
            if name in _SCHEDULES:
                return "cron"
            if name in _COMMANDS:
                return "cli"
            if name in _HANDLERS:
                return "consumer-handler"
        owner = chain[-2] if len(chain) > 1 else None
        if isinstance(owner, ir.Class):
            outside = {
                last.rpartition(".")[2] for last in objects.mro(self._ev, ClassValue(path, owner, owner.qualname))[1]
            }
            if function.name in _VERBS and outside & _VIEWS:
                return "http"
            if function.name == "handle" and outside & {"BaseCommand", "AppCommand"}:
                return "cli"
        names = [parameter.name.strip("_") for parameter in function.parameters]
        if (
            len(chain) == 1
            and len(names) >= 2
            and names[0] in ("event", "events")
            and names[1] in ("context", "ctx", "lambda_context")
        ):
            return "lambda-handler"
        return ""

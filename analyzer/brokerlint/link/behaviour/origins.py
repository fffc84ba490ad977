"""Where messages arrive: the receiving calls, the loops over a consumer, the handlers that a library calls, and the
callers
of wrappers that only hand the messages on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from brokerlint.link import library, objects
from brokerlint.link.behaviour import context, messages
from brokerlint.link.behaviour.clients import Act, Clients
from brokerlint.link.callers import Callers
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation
from brokerlint.link.sites import CallSite
from brokerlint.link.values import FunctionValue
from brokerlint.models.model import Operation
from brokerlint.python import ir

HIGHEST = 3
"""Wrappers around a receiving call that are followed to their callers."""

_MANY_CALLERS = 12


@dataclass(frozen=True, eq=False, slots=True)
class Origin:
    """A body in which messages appear.

    ``how``: ``call`` (``site`` receives), ``loop`` (``block`` iterates over the consumer), ``handler`` (the body is
    called with a message). ``receive`` is the receiving library call and its operation, where there is one.
    ``wrapped`` tells that the body calls a wrapper. ``escapes``: the messages leave the body to callers that were not
    found.
    """

    how: str
    scope: Activation
    chain: tuple[ir.Function | ir.Class, ...]
    block: int
    order: int
    line: int
    seeds: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[int, str] = field(default_factory=dict)
    receive: CallSite | None = None
    operation: Operation | None = None
    wrapped: bool = False
    escapes: bool = False
    single: bool = False

    @property
    def body(self) -> ir.Body:
        """The body that the messages appear in."""
        return self.scope.body

    def message_loop(self, block: int) -> int | None:
        """The loop around ``block`` that turns once for each message; None when the place is in no such loop.

        -1 stands for the whole body: of a handler, or where a single message is received outside of any loop.
        """
        body = self.body
        if self.how == "handler" and "batch" not in self.seeds.values():
            return -1
        if self.how == "loop":
            return self.block if context.inside(body, block, self.block) else None
        own = context.loops(body, self.block)
        if self.single:
            if not own:
                return -1
            return own[0] if context.inside(body, block, own[0]) else None
        held = messages.held(body, self.seeds, self.results)
        for index in reversed(context.loops(body, block)):
            if index not in own and held.kind(body.blocks[index].subject):
                return index
        return None


class Origins:
    """Finds where the messages of a consuming endpoint arrive."""

    def __init__(self, ev: Evaluator, clients: Clients, callers: Callers) -> None:
        self._ev = ev
        self._clients = clients
        self._callers = callers
        self._near: frozenset[str] = frozenset()

    def of(self, found: Found, acts: list[Act]) -> list[Origin]:
        """The origins of one use; empty when nothing that receives was found."""
        # A wrapper serves several consumers; the one meant is used where it is made.
        self._near = frozenset(
            step.here.module.path for step in found.route if step.how == "make" or step.here is found.anchor
        )
        handler = self._handler(found)
        if handler:
            return handler
        use = found.use
        result: list[Origin] = []
        if use.operation.act == "receive":
            result += self._received(found.sink, found.activation, use.operation, 0)
        for act in acts:
            if act.operation.act == "receive" and act.here.site is not found.sink.site:
                scope = found.activation if act.here.body is found.activation.body else self._clients.scope(act.here)
                if scope is not None:
                    result += self._received(act.here, scope, act.operation, 0)
        for here, binding in self._clients.iterations(found):
            scope = found.activation if here.body is found.activation.body else self._clients.scope(here)
            if scope is not None:
                result += self._iterated(here, binding, scope)
        return result

    # --- Received by a call ---------------------------------------------------------------------------------------

    def _received(self, here: CallSite, scope: Activation, operation: Operation, height: int) -> list[Origin]:
        single = operation.name in ("poll", "getone", "get_message", "next") and not operation.batch
        kind = "message" if single else "batch"
        return self._at_call(here, scope, kind, here, operation, height, single)

    def _at_call(
        self,
        here: CallSite,
        scope: Activation,
        kind: str,
        receive: CallSite,
        operation: Operation,
        height: int,
        single: bool,
    ) -> list[Origin]:
        """The origin at a call that gives messages of ``kind``, or those at the callers that they are handed on to."""
        site = here.site
        results = {id(here.answering.call): kind}
        held = messages.held(here.body, {}, results)
        given = _given_back(here.body, held, site)
        origin = Origin(
            "call",
            scope,
            here.chain,
            site.block,
            site.order,
            site.call.line,
            {},
            results,
            receive,
            operation,
            height > 0,
            False,
            single,
        )
        if not given or height >= HIGHEST or not here.chain or isinstance(here.chain[-1], ir.Class):
            return [origin if not given else _escaping(origin)]
        above = self._above(here, given, receive, operation, height, single)
        if not above:
            return [_escaping(origin)]
        return above if not _works(here.body, held, site) else [origin, *above]

    def _above(
        self, here: CallSite, kind: str, receive: CallSite, operation: Operation, height: int, single: bool
    ) -> list[Origin]:
        found: list[Origin] = []
        steps = [step for step in self._callers.into(here.module.path, here.chain) if step.how == "call"]
        near = [step for step in steps if step.here.module.path in self._near]
        steps = near or steps
        for step in steps[:_MANY_CALLERS]:
            if not self._callers.certain(step) or step.here.body is here.body:
                continue
            scope = self._clients.scope(step.here)
            if scope is not None:
                found += self._at_call(step.here, scope, kind, receive, operation, height + 1, single)
        return found

    # --- Iterated -------------------------------------------------------------------------------------------------

    def _iterated(self, here: CallSite, binding: ir.Binding, scope: Activation) -> list[Origin]:
        target = binding.target
        seeds = {target.id: "message"} if isinstance(target, ir.Name) else {}
        body = here.body
        held = messages.held(body, seeds, {})
        yields = [leave for leave in body.exits if leave.kind == "yield" and messages.whole(held.kind(leave.value))]
        origin = Origin(
            "loop",
            scope,
            here.chain,
            binding.block,
            binding.order,
            binding.line,
            seeds,
            {},
            here,
            None,
            False,
            bool(yields),
        )
        if not yields or not here.chain:
            return [origin]
        single = Operation("__iter__", act="receive")
        return self._above(here, "batch", here, single, 0, False) or [origin]

    # --- Handlers -------------------------------------------------------------------------------------------------

    def _handler(self, found: Found) -> list[Origin]:
        """The functions that the library calls with messages."""
        use = found.use
        result: list[Origin] = []
        spec = use.operation.arguments.get("handler")
        given = library.argument(self._ev, spec, use.args, use.client) if spec is not None else ()
        for value in given:
            if isinstance(value, FunctionValue):
                result += self.handled(value)
        if not result and use.operation.decorator:
            call = found.sink.site.call
            for function in found.sink.body.functions:
                if any(
                    decorator is call or getattr(decorator, "function", None) is call
                    for decorator in function.decorators
                ):
                    result += self._defined(found, function)
        if not result and use.model is not None and use.model.handler:
            result += self._derived(found, use.model.handler)
        return result

    def _defined(self, found: Found, function: ir.Function) -> list[Origin]:
        within = found.activation if found.activation.kind == "function" else None
        owner = found.activation.cls if found.activation.kind == "class" else None
        value = FunctionValue(found.sink.module.path, function.qualname, function, None, within, owner)
        return self.handled(value)

    def _derived(self, found: Found, name: str) -> list[Origin]:
        """The method that a class deriving from a library's consumer writes."""
        owner = found.activation.cls
        if owner is None:
            return []
        methods = objects.class_attribute(self._ev, owner, name)
        return [one for value in methods if isinstance(value, FunctionValue) for one in self.handled(value)]

    def handled(self, value: FunctionValue, kind: str = "message") -> list[Origin]:
        """The body of a handler that is called with messages of ``kind``."""
        definition = value.definition
        parameters = list(definition.parameters)
        receiver = value.receiver or objects.symbolic_receiver(definition, value.owner)
        bound = FunctionValue(value.path, value.qualname, definition, receiver, value.within, value.owner, value.given)
        scope = self._ev.call(bound, objects.receiver_argument(bound), bound=False)
        if scope is None:
            return []
        own = parameters[1:] if receiver is not None else parameters
        seeds = {own[0].name: kind} if own else {}
        return [Origin("handler", scope, (definition,), -1, 0, definition.line, seeds)]


def _escaping(origin: Origin) -> Origin:
    return Origin(
        origin.how, origin.scope, origin.chain, origin.block, origin.order, origin.line, origin.seeds, origin.results,
        origin.receive, origin.operation, origin.wrapped, True, origin.single,
    )  # fmt: skip


def _given_back(body: ir.Body, held: messages.Held, site: ir.Site) -> str:
    """The kind that the body returns or yields of the messages that ``site`` receives; "" when it keeps them."""
    kinds = [""]
    for leave in body.exits:
        if leave.kind in ("return", "yield", "yield-from") and leave.order > site.order - 1:
            kind = held.kind(leave.value)
            kinds.append("batch" if leave.kind == "yield" and kind == "message" else kind)
    strongest = messages.strongest(*kinds)
    return strongest if messages.whole(strongest) else ""


def _works(body: ir.Body, held: messages.Held, site: ir.Site) -> bool:
    """Does the wrapper itself do something with single messages, so that it counts as a place of work?"""
    return any(
        other.order > site.order
        and context.loops(body, other.block)
        and any(messages.whole(held.kind(argument.value)) for argument in other.call.arguments)
        for other in body.sites
    )


def receives_in(origins: list[Origin]) -> list[CallSite]:
    """The receiving calls, each once."""
    return list({id(one.receive.site): one.receive for one in origins if one.receive is not None}.values())

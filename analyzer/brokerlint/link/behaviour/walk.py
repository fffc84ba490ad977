"""Walking a body as it would run: its calls in order, and the calls inside the functions of the program that it calls.

The walk goes down a few levels and knows at each call what the names around it hold of received messages, and whether
control was handed to another thread, process or task on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from brokerlint.link import calls, deferred, objects
from brokerlint.link.behaviour import handing, messages
from brokerlint.link.behaviour.paths import Paths
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.values import (
    ClassValue,
    Client,
    Const,
    External,
    FunctionValue,
    Instance,
    Method,
    Unknown,
    Value,
    Values,
)
from brokerlint.models.model import Operation
from brokerlint.places import Place
from brokerlint.python import ir

DEEPEST = 5
"""Calls that are followed one inside the other."""

MOST = 1500
"""Calls that one walk looks at."""

ALLOWANCE = 2_500
"""Evaluations that one call of a walk may cost; what takes more is left unknown."""


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One body as it runs: entered through ``above``; ``handed`` says how control came there when not by a plain
    call."""

    scope: Activation
    above: Moment | None
    handed: str
    held: messages.Held

    @property
    def body(self) -> ir.Body:
        """The body that runs."""
        return self.scope.body

    @property
    def depth(self) -> int:
        """How many calls lie above."""
        return 0 if self.above is None else self.above.frame.depth + 1


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """One call on a walk, with what it may call."""

    frame: Frame
    site: ir.Site
    callees: Values
    entered: tuple[ir.Function, ...] = ()
    operation: Operation | None = None
    client: Client | None = None

    @property
    def call(self) -> ir.Call:
        """The call itself."""
        return self.site.call

    @property
    def name(self) -> str:
        """The last part of what is called."""
        return last_name(self.site.call.function)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.frame.scope.path, self.site.call.line, self.site.call.end_line)

    @property
    def at(self) -> At:
        """Its position in its body."""
        return At(self.site.order, self.site.block)

    def chain(self) -> list[Moment]:
        """The calls that lead here, from the outermost to this one."""
        found: list[Moment] = []
        one: Moment | None = self
        while one is not None:
            found.append(one)
            one = one.frame.above
        return found[::-1]

    def handed(self) -> str:
        """How control was handed over on the way here; "" when it was not."""
        return next((one.frame.handed for one in self.chain() if one.frame.handed), "")

    def holds(self) -> str:
        """The most that the call's receiver and arguments hold of the messages."""
        held = self.frame.held
        kinds = [held.kind(argument.value) for argument in self.call.arguments]
        if isinstance(self.call.function, ir.Attribute):
            kinds.append(held.kind(self.call.function.value))
        return messages.strongest(*kinds)


@dataclass(eq=False, slots=True)
class Walk:
    """Everything that happens from some bodies on. ``cut`` tells that it was too much to see all of it."""

    frames: list[Frame] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    cut: bool = False


class Walker:
    """Walks bodies of one program."""

    def __init__(self, ev: Evaluator) -> None:
        self.ev = ev
        self.paths = Paths(ev)
        self._methods = frozenset(name for model in ev.models.classes.values() for name in model.methods)

    def walk(
        self,
        scope: Activation,
        seeds: Mapping[str, str],
        results: Mapping[int, str],
        deepest: int = DEEPEST,
        most: int = MOST,
    ) -> Walk:
        """What happens in ``scope``, whose names ``seeds`` and calls ``results`` hold messages."""
        walk = Walk()
        self._enter(walk, Frame(scope, None, "", messages.held(scope.body, seeds, results)), results, deepest, most, ())
        return walk

    def _enter(
        self,
        walk: Walk,
        frame: Frame,
        results: Mapping[int, str],
        deepest: int,
        most: int,
        around: tuple[ir.Body, ...],
    ) -> None:
        walk.frames.append(frame)
        body = frame.body
        tasks = handing.tasks(body)
        for site, by_another in sorted(self._with_handed(body), key=lambda pair: pair[0].order):
            if len(walk.moments) >= most:
                walk.cut = True
                return
            moment, inner = self._moment(frame, site)
            if by_another and moment.operation is None:
                continue  # other work that is handed over does not happen here
            walk.moments.append(moment)
            for function, given, handed in inner:
                if any(function.definition.body is one for one in (*around, body)):
                    continue
                if frame.depth + 1 > deepest:
                    walk.cut = True
                    continue
                entered = self._scope(function, given, frame, site)
                if entered is None:
                    continue
                scope, seeds = entered
                handed = handed or tasks.get(id(site.call), "") or handing.given_away(function.definition, body, site)
                below = Frame(scope, moment, handed, messages.held(scope.body, seeds, results))
                self._enter(walk, below, results, deepest, most, (*around, body))

    def _with_handed(self, body: ir.Body) -> Iterator[tuple[ir.Site, bool]]:
        """The calls of a body, and (True) those that others make of methods that they get there."""
        for site in body.sites:
            yield site, False
            yield from ((one, True) for one in deferred.handed(site) if last_name(one.call.function) in self._methods)

    def _moment(self, frame: Frame, site: ir.Site) -> tuple[Moment, list[tuple[FunctionValue, list[ir.Argument], str]]]:
        call = site.call
        at = At(site.order, site.block)
        self.ev.start(ALLOWANCE)
        callees = self.ev.values(call.function, frame.scope, at)
        inner: list[tuple[FunctionValue, list[ir.Argument], str]] = []
        operation: Operation | None = None
        client: Client | None = None
        for value in callees[:3]:
            function = called_function(self.ev, value)
            if function is not None:
                inner.append((function, list(call.arguments), ""))
            found = operation_of(self.ev, value)
            if found is not None:
                operation, client = found
        if not inner:
            inner = self._passed(frame, site)
        entered = tuple(function.definition for function, _, _ in inner)
        return Moment(frame, site, callees, entered, operation, client), inner

    def _passed(self, frame: Frame, site: ir.Site) -> list[tuple[FunctionValue, list[ir.Argument], str]]:
        """Functions that the call gets as arguments and that will run: threads, pools, executors, callbacks."""
        call = site.call
        found: list[tuple[FunctionValue, list[ir.Argument], str]] = []
        for index, argument in enumerate(call.arguments):
            if not isinstance(argument.value, (ir.Name, ir.Attribute, ir.Lambda, ir.Call)) or argument.star:
                continue
            if isinstance(argument.value, ir.Call) and last_name(argument.value.function) != "partial":
                continue
            for value in self.ev.values(argument.value, frame.scope, At(site.order, site.block))[:2]:
                if isinstance(value, FunctionValue):
                    given = handing.handed_over(call, index)
                    self.ev.keep(given)
                    found.append(
                        (
                            value,
                            given,
                            handing.how(
                                site,
                                frame.body,
                                self.paths.path(call.function, frame.scope, At(site.order, site.block)),
                            ),
                        )
                    )
        return found

    def _object(self, argument: ir.Argument, frame: Frame, site: ir.Site) -> Values:
        """The values of an argument that may be an object; others are not looked at."""
        if argument.star or not isinstance(argument.value, (ir.Name, ir.Attribute, ir.Lambda, ir.Constant)):
            return (Unknown("data"),)
        return self.ev.values(argument.value, frame.scope, At(site.order, site.block))

    def _scope(
        self, function: FunctionValue, given: list[ir.Argument], frame: Frame, site: ir.Site
    ) -> tuple[Activation, dict[str, str]] | None:
        """The function's activation for these arguments, and which of its parameters hold messages."""
        definition = function.definition
        parameters = definition.parameters[1:] if function.receiver is not None else definition.parameters
        args = [(argument.star or argument.keyword or "", self._object(argument, frame, site)) for argument in given]
        bound = calls.bind(self.ev, parameters, args)
        known = {name: values for name, values in bound.items() if all(isinstance(v, _OBJECTS) for v in values)}
        scope = self.ev.call(function, {**known, **objects.receiver_argument(function)}, bound=False)
        if scope is None:
            return None
        plain = [parameter for parameter in parameters if parameter.kind == ""]
        seeds: dict[str, str] = {}
        position = 0
        for argument in given:
            kind = frame.held.kind(argument.value)
            if argument.keyword is not None:
                seeds[argument.keyword] = kind
            elif argument.star:
                seeds |= {parameter.name: kind for parameter in plain[position:]}
            else:
                if position < len(plain):
                    seeds[plain[position].name] = kind
                position += 1
        return scope, {name: kind for name, kind in seeds.items() if kind}


_OBJECTS = (Client, Instance, FunctionValue, ClassValue, Const, External, Method)
"""What a walk takes along into a function: things that do something there. Data stays open, which is cheap."""


def called_function(ev: Evaluator, value: Value) -> FunctionValue | None:
    """The function of the program that calling ``value`` runs: also ``f.delay()`` of a decorated one, or
    ``__call__``."""
    if isinstance(value, FunctionValue):
        return value
    if isinstance(value, Instance):
        inner = objects.instance_attribute(ev, value, "__call__")
        return next((one for one in inner if isinstance(one, FunctionValue)), None)
    return None


def operation_of(ev: Evaluator, value: Value) -> tuple[Operation, Client | None] | None:
    """The library operation that calling ``value`` performs, and the object that it is performed on."""
    if isinstance(value, Method) and isinstance(value.receiver, Client):
        model = ev.models.classes.get(value.receiver.model)
        operation = model.methods.get(value.name) if model else None
        return (operation, value.receiver) if operation is not None else None
    path = getattr(value, "path", "") if not isinstance(value, (ClassValue, FunctionValue)) else ""
    operation = ev.models.functions.get(path)
    return (operation, None) if operation is not None else None

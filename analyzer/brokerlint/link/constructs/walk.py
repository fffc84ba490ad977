"""Walking through infrastructure code as it would run: which constructs it makes and what it calls on them.

The walk begins at module level and follows every call into the functions and classes of the program, each with its own
arguments, so that a helper called three times makes three queues. Both branches of a condition are walked. What nothing
calls (a stack in a library) is walked with its parameters open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from brokerlint.link import calls, objects
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.inheritance import initializer
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.sites import bodies
from brokerlint.link.values import ClassValue, Client, External, FunctionValue, Instance, Value
from brokerlint.places import Place
from brokerlint.python import ir

MOST_BODIES = 4000
"""Bodies with their arguments that are walked in one program."""

DEEPEST = 40
MOST_RECURSION = 2
"""Calls inside each other, and of one function inside itself."""


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """One construct that the code makes, with the arguments it gets."""

    client: Client
    args: calls.Args
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Act:
    """A method that the code calls on an object of the library. ``target`` is the method itself."""

    target: Client
    args: calls.Args
    place: Place


class Walk:
    """What the code in the files at ``paths`` makes and calls. ``evaluator`` keeps the calls of one library;
    ``is_wanted`` tells which constructs count, by their path, and ``methods`` which methods do."""

    def __init__(
        self, evaluator: Evaluator, paths: Iterable[str], is_wanted: Callable[[str], bool], methods: frozenset[str]
    ) -> None:
        self._ev = evaluator
        self._paths = tuple(paths)
        self._is_wanted = is_wanted
        self._methods = methods
        self._known = frozenset(self._paths)
        self._seen: dict[int, Activation] = {}
        self._bodies: set[int] = set()
        self._inside: list[int] = []
        self.made: list[Made] = []
        self.acts: list[Act] = []
        for path in self._paths:
            scope = evaluator.module(path)
            if scope is not None:
                self._body(scope, 0)
        for scope in self._uncalled():
            self._body(scope, 0)

    def _uncalled(self) -> Iterator[Activation]:
        """Functions that the walk has not come through, constructors first."""
        for constructors in (True, False):
            for path in self._paths:
                module = self._ev.module(path)
                for chain, body in bodies(module.body) if module is not None else ():
                    is_function = bool(chain) and isinstance(chain[-1], ir.Function)
                    if module is None or not is_function or (chain[-1].name == "__init__") != constructors:
                        continue
                    if id(body) not in self._bodies:
                        scope = self._ev.symbolic(module, chain)
                        if scope is not None:
                            yield scope

    def _body(self, scope: Activation, depth: int) -> None:
        again = self._inside.count(id(scope.body)) >= MOST_RECURSION
        if id(scope) in self._seen or len(self._seen) >= MOST_BODIES or depth > DEEPEST or again:
            return
        self._seen[id(scope)] = scope
        self._bodies.add(id(scope.body))
        self._inside.append(id(scope.body))
        for site in scope.body.sites:
            self._site(site, scope, depth + 1)
        self._inside.pop()

    def _site(self, site: ir.Site, scope: Activation, depth: int) -> None:
        call, at = site.call, At(site.order, site.block)
        self._ev.start()
        if _is_super(call):
            self._derived(call, scope, at)
            return
        place = Place(scope.path, call.line, call.end_line)
        for target in self._ev.values(call.function, scope, at):
            if isinstance(target, FunctionValue):
                self._function(target, call, scope, at, depth)
            elif isinstance(target, ClassValue):
                for value in self._ev.values(call, scope, at):
                    if isinstance(value, Instance):
                        self._instance(value, depth)
            elif isinstance(target, External) and self._is_wanted(target.path):
                self._construct(call, scope, at, place)
            elif isinstance(target, Client) and target.model.rpartition(".")[2] in self._methods:
                self.acts.append(Act(target, calls.arguments(self._ev, call, scope, at), place))

    def _construct(self, call: ir.Call, scope: Activation, at: At, place: Place) -> None:
        for value in self._ev.values(call, scope, at):
            if isinstance(value, Client) and value.carry("id") is not None and value.site == place:
                self.made.append(Made(value, calls.arguments(self._ev, call, scope, at), place))

    def _function(self, function: FunctionValue, call: ir.Call, scope: Activation, at: At, depth: int) -> None:
        if function.path not in self._known:
            return
        parameters = function.definition.parameters[1 if function.receiver is not None else 0 :]
        bound = calls.bind(self._ev, parameters, calls.arguments(self._ev, call, scope, at))
        inner = self._ev.call(function, {**bound, **objects.receiver_argument(function)})
        if inner is not None:
            self._body(inner, depth)

    def _instance(self, instance: Instance, depth: int) -> None:
        """The constructors of an object, its own class's and those of the classes above."""
        for cls in objects.mro(self._ev, instance.cls)[0]:
            for function in cls.definition.body.functions:
                if function.name == "__init__" and cls.path in self._known:
                    inner = objects.method_activation(self._ev, cls, function, instance)
                    if inner is not None:
                        self._body(inner, depth)

    def _derived(self, call: ir.Call, scope: Activation, at: At) -> None:
        """``super().__init__(...)`` makes a construct in the class next to it of those that derive from it."""
        instance: Value | None = scope.receiver
        if isinstance(instance, Instance) and last_name(call.function) == "__init__":
            order = objects.mro(self._ev, instance.cls)[0]
            above = order[order.index(scope.cls) + 1 :] if scope.cls in order else []
            if any(initializer(one) is not None and objects.library_base(self._ev, one) for one in above):
                return
            client = objects.library_part(self._ev, instance)
            if client is not None:
                place = instance.site or Place(scope.path, call.line, call.end_line)
                self.made.append(Made(client, calls.arguments(self._ev, call, scope, at), place))


def _is_super(call: ir.Call) -> bool:
    function = call.function
    receiver = function.value if isinstance(function, ir.Attribute) else None
    return isinstance(receiver, ir.Call) and last_name(receiver.function) == "super"

"""From a wrapper to its callers: the ways on which a call can be reached, as far up as its values depend on them.

A *route* is a list of steps from the call that decides down to the sink. Walking down a route evaluates each step's
callee and arguments and enters the function with them, so two instances of one publisher class stay apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from brokerlint.link import calls, guesses, objects
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, last_name
from brokerlint.link.sites import CallSite, Sites
from brokerlint.link.values import (
    ClassValue,
    Client,
    Collection,
    External,
    FunctionValue,
    Instance,
    Method,
    Needed,
    Record,
    Unknown,
    Value,
    Values,
    needs_of,
)
from brokerlint.python import ir

_LOOKS = frozenset({"partial", "partialmethod", "isinstance", "hasattr", "wraps", "len", "print", "str", "repr"})
"""Functions that a function is passed to without being called by them."""

_CALLED_BY_FRAMEWORKS = re.compile(
    r"(?:run|main|start|stop|setup|teardown|call|handle|execute|process|consume|listen|poll|loop|work|perform|get|post|put|patch|delete|emit)$"
    r"|(?:on|handle|do|before|after|process|perform)_"
)
"""Names of methods that a framework calls, so that no call of them need be in the program."""

MOST_MATCHES = 6
"""Different functions (or receivers) that one call site may enter."""


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One call on a route. ``how``: ``call`` (it calls the next function), ``pass`` (it passes the function on as a
    value, as threads and executors want it), ``make`` (it makes the object that the next method runs on)."""

    here: CallSite
    how: str
    target: tuple[ir.Function | ir.Class, ...]
    target_path: str


class Callers:
    """Finds the steps that lead into a function, and walks routes down."""

    def __init__(self, ev: Evaluator, sites: Sites) -> None:
        self._ev = ev
        self._sites = sites
        self._known: dict[tuple[str, str, int], list[Step]] = {}
        self.pending: frozenset[Needed] = frozenset()

    # --- Up -------------------------------------------------------------------------------------------------------

    def into(self, path: str, chain: tuple[ir.Function | ir.Class, ...]) -> list[Step]:
        """The calls that may enter the innermost function of ``chain``, by its name alone."""
        function = chain[-1]
        key = (path, function.qualname, function.line)
        if key in self._known:
            return self._known[key]
        found: list[Step] = []
        self._known[key] = found
        if function.name in ("<lambda>", "__init__", "__post_init__", "__call__"):
            return found
        alone = len(chain) == 1  # a method may be called on an object that somebody else has made
        for site in self._sites.calling(function.name, path, alone):
            step = Step(site, "call", chain, path)
            if self._may_call(step):
                found.append(step)
        for site in self._sites.passing(function.name, path, alone):
            step = Step(site, "pass", chain, path)
            if last_name(site.site.call.function) not in _LOOKS and self._may_pass(step):
                found += self._within(step) or [step]
        return found

    def _within(self, step: Step) -> list[Step]:
        """Where a function of the program that gets the target as an argument calls that argument."""
        start = self._ev.around(step.here.module.path, step.here.chain)
        if start is None:
            return []
        call = step.here.site.call
        found: list[Step] = []
        for value in self._ev.values(call.function, start, step.here.at)[:MOST_MATCHES]:
            function = objects.initializer_of(self._ev, value) if isinstance(value, ClassValue) else value
            if not isinstance(function, FunctionValue):
                continue
            skip = 1 if function.receiver is not None or isinstance(value, ClassValue) else 0
            args = calls.arguments(self._ev, call, start, step.here.at)
            bound = calls.bind(self._ev, function.definition.parameters[skip:], args)
            for name, given in bound.items():
                if any(self._matching(one, step) is not None for one in given):
                    names = [name, *_kept_as(function.definition, name)]
                    inside = [site for other in names for site in self._sites.inside(function.path, other)]
                    whole = function.owner.definition if function.owner else function.definition
                    found += [Step(s, "call", step.target, step.target_path) for s in inside if whole in s.chain]
        return found

    def _may_call(self, step: Step) -> bool:
        """Could the call mean the target, judged with everything around it open?"""
        values = self.callee(step)
        if any(self._matching(value, step) is not None or needs_of((value,)) for value in values):
            return True
        unknown = bool(values) and all(isinstance(value, (Unknown, External)) for value in values)
        return unknown and isinstance(step.target[-2] if len(step.target) > 1 else None, ir.Class)

    def _may_pass(self, step: Step) -> bool:
        start = self._ev.around(step.here.module.path, step.here.chain)
        if start is None:
            return False
        name = step.target[-1].name
        given = [a.value for a in step.here.site.call.arguments if last_name(a.value) == name]
        values = [value for expr in given for value in self._ev.values(expr, start, step.here.at)]
        return any(self._matching(value, step) is not None for value in values)

    def makers(self, path: str, chain: tuple[ir.Function | ir.Class, ...]) -> list[Step]:
        """The calls that make instances of the class around the innermost function of ``chain``, or of its
        subclasses."""
        owner = next((one for one in reversed(chain[:-1]) if isinstance(one, ir.Class)), None)
        if owner is None:
            return []
        cls = ClassValue(path, owner, owner.qualname)
        names = [owner.name, *[sub.definition.name for sub in objects.subclasses(self._ev, cls)]]
        found: list[Step] = []
        for name in dict.fromkeys(names):
            found += [Step(site, "make", chain, path) for site in self._sites.calling(name, path)]
        found += [Step(site, "make", chain, path) for site in self._sites.inside(path, "cls") if owner in site.chain]
        return found

    def callee(self, step: Step) -> Values:
        """What the step's call calls, with everything around it open; () when it certainly is something else."""
        start = self._ev.around(step.here.module.path, step.here.chain)
        if start is None or step.how != "call":
            return ()
        values = self._ev.values(step.here.site.call.function, start, step.here.at)
        return () if self._elsewhere(values, step) else values

    def _elsewhere(self, values: Values, step: Step) -> bool:
        """Is the type of what is called known, and is it not the target's?"""
        typed = [
            v
            for v in values
            if isinstance(v, (FunctionValue, ClassValue)) or (isinstance(v, Method) and isinstance(v.receiver, Client))
        ]
        return bool(typed) and all(self._matching(value, step) is None for value in typed)

    def certain(self, step: Step) -> bool:
        """Is the step's target among what its call is known to call?"""
        return any(self._matching(value, step) is not None for value in self.callee(step))

    def runs_on_its_own(self, path: str, chain: tuple[ir.Function | ir.Class, ...]) -> bool:
        """May the method run although no call of it was found: a constructor, one that a framework or a base class
        calls, or one whose name somebody calls on an object that can't be told? A method that nobody calls sends
        nothing."""
        function, owner = chain[-1], chain[-2]
        if not isinstance(function, ir.Function) or not isinstance(owner, ir.Class):
            return False
        if function.name.startswith("__") or function.decorators or _CALLED_BY_FRAMEWORKS.match(function.name):
            return True
        if objects.mro(self._ev, ClassValue(path, owner, owner.qualname))[1]:
            return True
        return bool(self._sites.calling(function.name, path))

    # --- Down -----------------------------------------------------------------------------------------------------

    def descend(
        self, route: list[Step], sink: CallSite, by_name: bool = False, assumed: bool = False
    ) -> list[Activation]:
        """The activations in which ``sink`` runs when its route is walked from the top.

        ``pending`` then holds what the callees on the way still depend on: a typed parameter enters a function
        already, but only its caller knows which object it is.
        """
        self.pending = frozenset()
        first = route[0].here if route else sink
        start = self._ev.around(first.module.path, first.chain)
        active = [start] if start is not None else []
        for index, step in enumerate(route):
            following = route[index + 1].here if index + 1 < len(route) else sink
            entered: list[Activation] = []
            for activation in active:
                through = self._through(step, activation)
                if not through and by_name and step.how == "call":
                    through = self._by_name(step, activation)
                if not through and assumed and index == 0 and step.how == "call":
                    through = self._assumed(step, activation)
                for inner in through:
                    deeper = self._down_to(inner, step.target, following)
                    if deeper is not None and deeper not in entered:
                        entered.append(deeper)
            active = entered[:MOST_MATCHES]
        return active

    def _down_to(
        self, activation: Activation, target: tuple[ir.Function | ir.Class, ...], following: CallSite
    ) -> Activation | None:
        """From the entered function to the nested one that holds the next call."""
        rest = following.chain[len(target) :]
        here: Activation | None = activation
        for one in rest:
            if here is None or isinstance(one, ir.Class):
                return None
            value = FunctionValue(here.path, one.qualname, one, None, here)
            here = self._ev.call(value, {}, bound=False)
        return here

    def _through(self, step: Step, activation: Activation) -> list[Activation]:
        """The activations of the step's target that its call enters."""
        if step.how == "make":
            return self._made(step, activation)
        if step.how == "pass":
            return self._passed(step, activation)
        call = step.here.site.call
        entered: list[Activation] = []
        args: calls.Args | None = None
        callees = self._ev.values(call.function, activation, step.here.at)
        if self._elsewhere(callees, step):
            return []
        self.pending |= needs_of(tuple(value for value in callees if isinstance(value, Unknown)))
        for value in callees[:MOST_MATCHES]:
            function = self._matching(value, step)
            if function is None:
                continue
            args = calls.arguments(self._ev, call, activation, step.here.at) if args is None else args
            inner = self._call(function, args)
            if inner is not None:
                entered.append(inner)
        return entered

    def _by_name(self, step: Step, activation: Activation) -> list[Activation]:
        target = step.target[-1]
        owner = step.target[-2] if len(step.target) > 1 else None
        call = step.here.site.call
        if not isinstance(owner, ir.Class) or not isinstance(target, ir.Function):
            return []
        cls = ClassValue(step.target_path, owner, owner.qualname)
        callees = self._ev.values(call.function, activation, step.here.at)
        if not all(isinstance(value, (Unknown, External)) for value in callees):
            return []
        if any(
            isinstance(value, External) and "." in value.path and value.path.split(".")[0] != "builtins"
            for value in callees
        ):
            return []
        if not guesses.only_method(self._ev, cls, target, call):
            return []
        function = FunctionValue(cls.path, target.qualname, target, Instance(cls, None), None, cls)
        inner = self._call(function, calls.arguments(self._ev, call, activation, step.here.at))
        return [inner] if inner is not None else []

    def _assumed(self, step: Step, activation: Activation) -> list[Activation]:
        target = step.target[-1]
        outside = self._ev.around(step.target_path, step.target[:-1])
        if not isinstance(target, ir.Function) or outside is None:
            return []
        owner = outside.cls if outside.kind == "class" else None
        within = outside if outside.kind == "function" else None
        receiver = objects.symbolic_receiver(target, owner)
        function = FunctionValue(step.target_path, target.qualname, target, receiver, within, owner)
        inner = self._call(function, calls.arguments(self._ev, step.here.site.call, activation, step.here.at))
        return [inner] if inner is not None else []

    def _call(self, function: FunctionValue, args: calls.Args, bound: bool = True) -> Activation | None:
        definition = function.definition
        parameters = definition.parameters[1:] if function.receiver is not None else definition.parameters
        given: calls.Args = [("", values) for key, values in function.given if isinstance(key, int)]
        named: calls.Args = [(str(key), values) for key, values in function.given if not isinstance(key, int)]
        arguments = {**calls.bind(self._ev, parameters, [*given, *args, *named]), **objects.receiver_argument(function)}
        return self._ev.call(function, arguments, bound=bound)

    def _matching(self, value: Value, step: Step) -> FunctionValue | None:
        """``value`` as the step's target function, when it is that one."""
        target = step.target[-1]
        if isinstance(value, Method) and isinstance(value.receiver, FunctionValue):
            if value.name not in ("delay", "apply_async", "send", "send_with_options", "kiq", "s", "si", "apply"):
                return None
            value = value.receiver
        if isinstance(value, FunctionValue) and value.definition is target:
            return value
        return None

    def _made(self, step: Step, activation: Activation) -> list[Activation]:
        target, owner = step.target[-1], step.target[-2]
        assert isinstance(target, ir.Function)
        entered: list[Activation] = []
        for value in self._ev.values(step.here.site.call, activation, step.here.at):
            if not isinstance(value, Instance):
                continue
            order, _ = objects.mro(self._ev, value.cls)
            own = next((one for one in order if one.definition is owner), None)
            if own is None:
                continue
            first = next((f for one in order for f in one.definition.body.functions if f.name == target.name), None)
            if first is not None and first is not target and target.name != "__init__":
                continue
            function = FunctionValue(own.path, target.qualname, target, value, own.within, own)
            inner = self._ev.call(function, objects.receiver_argument(function), bound=False)
            if target.name == "__init__":
                inner = objects.method_activation(self._ev, own, target, value)
            if inner is not None:
                entered.append(inner)
        return entered

    def _passed(self, step: Step, activation: Activation) -> list[Activation]:
        """``Thread(target=f, args=(a,))``, ``executor.submit(f, a)``, ``loop.run_in_executor(None, f, a)``."""
        call = step.here.site.call
        entered: list[Activation] = []
        args = calls.arguments(self._ev, call, activation, step.here.at)
        for index, (key, values) in enumerate(args):
            for value in values[:MOST_MATCHES]:
                function = self._matching(value, step)
                if function is None:
                    continue
                given = _handed_over(args, index, key)
                inner = self._call(function, given, bound=bool(given))
                if inner is not None:
                    entered.append(inner)
        return entered


def _kept_as(function: ir.Function, parameter: str) -> list[str]:
    """The attributes in which a constructor keeps its parameter."""
    return [
        binding.target.attr
        for binding in function.body.bindings
        if isinstance(binding.target, ir.Attribute) and binding.value == ir.Name(parameter)
    ]


def _handed_over(args: calls.Args, index: int, key: str) -> calls.Args:
    named = dict(args)
    if key in ("target", "func", "function"):
        found: calls.Args = []
        for value in named.get("args", ()):
            if isinstance(value, Collection):
                found += [("", item) for item in value.items]
        for value in named.get("kwargs", ()):
            if isinstance(value, Record):
                found += [(str(name), values) for name, values in value.entries]
        return found
    return [pair for pair in args[index + 1 :] if pair[0] not in ("*", "**")]


def open_needs(
    ev: Evaluator, values: Values, chain: tuple[ir.Function | ir.Class, ...], path: str
) -> frozenset[Needed]:
    """Those needs of ``values`` that the callers of one of the functions of ``chain`` (or the makers of its class)
    can settle."""
    return settled_above(ev, needs_of(values), chain, path)


def settled_above(
    ev: Evaluator, needs: frozenset[Needed], chain: tuple[ir.Function | ir.Class, ...], path: str
) -> frozenset[Needed]:
    """Those of ``needs`` that the callers of the functions of ``chain`` can settle."""
    if not needs:
        return needs
    own = {(path, one.qualname) for one in chain}
    for one in chain:
        if isinstance(one, ir.Class):
            order, _ = objects.mro(ev, ClassValue(path, one, one.qualname))
            own |= {(cls.path, f"{cls.qualname}.__init__") for cls in order}
    return frozenset(need for need in needs if (need.path, need.function) in own)

"""The evaluator: which values may this expression have at this place?

It works backwards and on demand: a name is looked up, its binding's expression is evaluated where it stands, and so
on, across modules. Results are remembered. It never guesses and always ends: what is defined through itself, nested
too deeply or takes too much work is an unknown with that reason.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from brokerlint.link import calls, handed, library, objects, options, stored
from brokerlint.link.annotations import annotated
from brokerlint.link.assignments import Assignments
from brokerlint.link.branches import taken
from brokerlint.link.changes import changed
from brokerlint.link.engine import Args
from brokerlint.link.expressions import FORMS
from brokerlint.link.files import ConfigurationFiles
from brokerlint.link.injection import injected
from brokerlint.link.memory import Memory
from brokerlint.link.program import Program
from brokerlint.link.scopes import (
    END,
    Activation,
    At,
    Chain,
    Definition,
    Names,
    global_bindings,
    grows,
    names_of,
    visible,
)
from brokerlint.link.sites import Sites
from brokerlint.link.values import (
    ClassValue,
    Collection,
    Const,
    External,
    FunctionValue,
    Needed,
    Record,
    Template,
    Unknown,
    Value,
    Values,
    join,
    traced,
    unknown,
)
from brokerlint.models.model import Models
from brokerlint.places import Place
from brokerlint.python import ir

DEEPEST = 90
"""Nesting of evaluations; real programs stay below 40."""

DEEPEST_CALL = 14
"""Calls of the program's functions that are followed into each other."""

MOST_ITSELF = 2
"""Calls of one function among them."""

MOST_STEPS = 60_000
"""Evaluations that one sink may cost."""

STEPS_OF_A_FILE = 400
"""Evaluations that reading one more file counts as."""

T = TypeVar("T")


class Evaluator:
    """Values of expressions in one program. Takes the program, the library models, the tree's configuration files,
    and the index of the program's calls where there is one already.

    Results are remembered by the identity of expressions and activations, so both live as long as the evaluator.
    """

    def __init__(
        self, program: Program, models: Models, files: ConfigurationFiles | None = None, sites: Sites | None = None
    ) -> None:
        self.program = program
        self.models = models
        self.files = files or ConfigurationFiles()
        self.assignments = Assignments(program)
        self.sites = sites or Sites(program)
        self.answers: dict[object, Any] = {}
        self._calls: list[tuple[str, str]] = []
        self._memory = Memory()
        self._names: dict[int, Names] = {}
        self._activations: dict[tuple[object, ...], Activation] = {}
        self._symbolic: dict[int, Activation] = {}
        self._globals: dict[str, dict[str, list[tuple[Chain, ir.Binding]]]] = {}
        self._depth = 0
        self._steps = 0
        self._files = program.count
        self._kept: list[object] = []

    def start(self, allowance: int = MOST_STEPS) -> None:
        """Begin a new sink: ``allowance`` more evaluations may be made from here."""
        self._steps = MOST_STEPS - allowance
        self._files = self.program.count

    def exhausted(self) -> bool:
        """Has the sink had all the work that it may cost?"""
        return self._steps + STEPS_OF_A_FILE * (self.program.count - self._files) > MOST_STEPS

    def keep(self, thing: object) -> None:
        """Keep something made on the way alive, since results are remembered by identity."""
        self._kept.append(thing)

    def once(self, question: object, answer: Callable[[], T], meanwhile: T) -> T:
        """The answer to a question about the program, worked out once; asked again on the way, it is ``meanwhile``."""
        key = ("once", question)
        known: tuple[T] | None = self._memory.get(key)
        if known is None:
            if self._memory.is_open(key):
                return meanwhile
            mark = self._memory.begin(key)
            try:
                known = (answer(),)
            finally:
                self._memory.end(key, mark, known)
        return known[0]

    # --- Activations ----------------------------------------------------------------------------------------------

    def module(self, path: str) -> Activation | None:
        """The activation of a module's own body; None when the file can't be read."""
        key = ("module", path)
        if key not in self._activations:
            module = self.program.module(path)
            if module is None:
                return None
            self._activations[key] = Activation(module, module.body, "module")
        return self._activations[key]

    def class_body(self, cls: ClassValue) -> Activation | None:
        """The activation of a class's body."""
        parent = cls.within or self.module(cls.path)
        if parent is None:
            return None
        key = ("class", cls.path, cls.qualname, id(cls.definition), id(parent))
        if key not in self._activations:
            self._activations[key] = Activation(parent.module, cls.definition.body, "class", parent, cls=cls)
        return self._activations[key]

    def call(
        self, function: FunctionValue, arguments: dict[str, Values] | None, bound: bool = True
    ) -> Activation | None:
        """The activation of a function for these arguments; not ``bound``, missing ones stay symbolic."""
        owner = function.owner
        parent = function.within or (self.class_body(owner) if owner else self.module(function.path))
        if parent is None:
            return None
        given = dict(arguments or {})
        key = (
            "call", function.path, function.qualname, id(function.definition), id(parent), function.receiver,
            tuple(sorted(given.items(), key=lambda item: item[0])), bound,
        )  # fmt: skip
        if key not in self._activations:
            self._activations[key] = Activation(
                parent.module,
                function.definition.body,
                "function",
                parent,
                function,
                owner,
                given,
                function.receiver,
                bound,
            )
        return self._activations[key]

    def symbolic(self, module: Activation, chain: Chain) -> Activation | None:
        """The activation of the innermost definition of ``chain``, with every parameter open."""
        known = self._symbolic.get(id(chain[-1])) if chain else module
        if known is not None:
            return known
        here: Activation | None = module
        for one in chain:
            if here is None:
                return None
            within = here if here.kind == "function" else None
            if isinstance(one, ir.Class):
                here = self.class_body(ClassValue(module.path, one, one.qualname, within))
            else:
                owner = here.cls if here.kind == "class" else None
                receiver = objects.symbolic_receiver(one, owner)
                value = FunctionValue(module.path, one.qualname, one, receiver, within, owner)
                here = self.call(value, objects.receiver_argument(value), bound=False)
        if here is not None:
            self._symbolic[id(chain[-1])] = here
        return here

    def around(self, path: str, chain: Chain) -> Activation | None:
        """The activation of the innermost definition of ``chain`` in the file at ``path`` (of the module itself without
        any), with every parameter open; None when the file can't be read."""
        module = self.module(path)
        return self.symbolic(module, chain) if module is not None else None

    def names(self, body: ir.Body) -> Names:
        """The index of a body's names, made once."""
        found = self._names.get(id(body))
        if found is None:
            found = self._names[id(body)] = names_of(body)
        return found

    # --- Expressions ----------------------------------------------------------------------------------------------

    def values(self, expr: ir.Expr, act: Activation, at: At) -> Values:
        """The values that ``expr`` may have at ``at`` in ``act``."""
        if isinstance(expr, ir.Constant):
            return (Const(expr.value),)
        key = (id(expr), id(act), at)
        known: Values | None = self._memory.get(key)
        if known is not None:
            return known
        if self._memory.is_open(key):
            return unknown("defined through itself")
        if self._depth >= DEEPEST:
            self._memory.rest_on_all()
            return unknown("nested too deeply")
        self._steps += 1
        if self.exhausted():
            return unknown("too much work to follow")
        mark = self._memory.begin(key)
        self._depth += 1
        found: Values | None = None
        try:
            form = FORMS.get(type(expr))
            found = unknown("an expression no name comes from") if form is None else form(self, expr, act, at)
        finally:
            self._depth -= 1
            self._memory.end(key, mark, None if self.exhausted() else found)
        return found

    def attribute_of(self, base: Value, name: str) -> Values:
        """``base.name``."""
        return objects.attribute(self, base, name)

    def element_of(self, base: Value) -> Values:
        """Any element of ``base``."""
        return objects.element_of(self, base)

    def apply(self, function: FunctionValue, args: Args) -> Values:
        """What a function of the program returns or yields for these arguments."""
        return calls.apply(self, function, args)

    def call_value(self, function: Value, args: Args, place: Place | None) -> Values:
        """What calling any value at ``place`` gives."""
        return calls.call_value(self, function, args, place)

    def inside(self, function: tuple[str, str], work: Callable[[], Values]) -> Values | None:
        """What ``work`` finds inside of a call of ``function`` (path, qualified name); None when that call is one of
        too many inside each other, or of the function by itself."""
        times = self._calls.count(function)
        key = ("call", function, times)
        if times == MOST_ITSELF and self._memory.is_open(("call", function, times - 1)):
            return None
        if len(self._calls) == DEEPEST_CALL:
            self._memory.rest_on_all()
            return None
        mark = self._memory.begin(key)
        self._calls.append(function)
        try:
            return work()
        finally:
            self._calls.pop()
            self._memory.end(key, mark)

    # --- Names ----------------------------------------------------------------------------------------------------

    def name(self, expr: ir.Name, act: Activation, at: At) -> Values:
        """A plain name's values: the nearest scope that binds it, or a builtin."""
        scope: Activation | None = act
        position = at
        while scope is not None:
            if scope.kind != "class" or scope is act:
                found = self.defined(scope, expr.id, position)
                if found is not None:
                    return found
            position = END
            scope = scope.parent
        return (External(f"builtins.{expr.id}"),)

    def defined(self, scope: Activation, name: str, at: At) -> Values | None:
        """What ``scope`` itself binds ``name`` to at ``at``; None when it does not bind it."""
        if scope.kind == "function" and name in scope.body.outer:
            return None
        names = self.names(scope.body)
        definitions = names.definitions.get(name)
        parameter = _parameter(scope, name)
        found: list[Values] = []
        certain = False
        if definitions:
            seen, certain = visible(scope.body, definitions, at)
            seen = taken(self, scope, seen)
            found = [self._definition(one, scope) for one in seen]
            growing = [grows(scope.body, one, definitions) for one in seen]
            if any(grown and _is_text(values) for grown, values in zip(growing, found, strict=True)):
                return unknown(f"'{name}' is put together anew in every round of a loop")
        if parameter is not None and not certain:
            found.append(self._argument(parameter, scope))
        if scope.kind == "module":
            found += self._set_globally(scope, name)
            if found and all(value == Const(None) for values in found for value in values):
                found.append(stored.on_module(self, scope.path, name))
            if not found:
                found += self._starred(scope, names, name)
        if not found:
            return None
        return changed(self, join(*found), names.stores.get(name, ()), scope, at)

    def _definition(self, one: Definition, scope: Activation) -> Values:
        """The values of one binding, function, class or import."""
        if isinstance(one, ir.Binding):
            values = self.values(one.value, scope, At(one.order, one.block))
            if one.annotation is not None and all(isinstance(value, (Unknown, External)) for value in values):
                values = annotated(self, one.annotation, scope) or values
            return traced(values, Place(scope.path, one.line))
        within = scope if scope.kind == "function" else None
        if isinstance(one, ir.Function):
            owner = scope.cls if scope.kind == "class" else None
            return (FunctionValue(scope.path, one.qualname, one, None, within, owner),)
        if isinstance(one, ir.Class):
            return (ClassValue(scope.path, one, one.qualname, within),)
        return self._imported(one, scope.path)

    def _imported(self, one: ir.Import, path: str) -> Values:
        """What an import in the file at ``path`` binds."""
        if one.name is None:
            top = one.module.split(".")[0]
            return (self.program.resolve(path, top if one.alias == top else one.module, one.level),)
        target = self.program.resolve(path, one.module, one.level)
        if isinstance(target, External):
            outside = f"{target.path}.{one.name}"
            return library.ready(self, outside) or (External(outside),)
        return self.member(target.path, one.name)

    def member(self, path: str, name: str) -> Values:
        """``name`` of the module at ``path``: a binding of it, or a module inside it."""
        known = f"{self.program.dotted(path)}.{name}"
        if self._modelled(known):
            return (External(known),)  # the library itself is part of the program
        scope = self.module(path)
        found = self._exported(scope, name) if scope is not None else None
        if found is not None:
            return found
        child = self.program.child(path, name) if self.program.is_package(path) else None
        return (child,) if child else unknown(f"{path} has no '{name}'")

    def _modelled(self, path: str) -> bool:
        return path in self.models.classes or path in self.models.functions

    def _exported(self, scope: Activation, name: str) -> Values | None:
        """What a module binds ``name`` to in the end; None also when that is being asked already (import cycles)."""
        key = ("exported", scope.path, name)
        if self._memory.is_open(key):
            return None
        mark = self._memory.begin(key)
        try:
            return self.defined(scope, name, END)
        finally:
            self._memory.end(key, mark)

    def _argument(self, parameter: ir.Parameter, scope: Activation) -> Values:
        """A parameter: the argument, what a framework fills in, the default, or a symbol that asks for the callers."""
        given = scope.arguments.get(parameter.name)
        if given is not None:
            return given
        outside = scope.parent or scope
        function = scope.function
        assert function is not None
        filled = (
            injected(self, function, parameter, outside)
            or options.decorated(self, function, parameter.name, outside)
            or options.annotated(self, parameter.default, outside)
        )
        if filled:
            return filled
        default = self.values(parameter.default, outside, END) if parameter.default is not None else ()
        if scope.bound:
            if default:
                return default
            if parameter.kind == "*":
                return (Collection("tuple", ()),)
            if parameter.kind == "**":
                return (Record(()),)
        need = Needed(function.path, function.qualname, parameter.name)
        typed = annotated(self, parameter.annotation, outside) if parameter.annotation else ()
        symbol = Unknown(f"parameter '{parameter.name}' of {function.definition.name}", frozenset((need,)))
        return join(typed, default, (symbol,))

    def _starred(self, scope: Activation, names: Names, name: str) -> list[Values]:
        """What the first ``from module import *`` that has ``name`` gives."""
        for one in names.stars:
            target = self.program.resolve(scope.path, one.module, one.level)
            if isinstance(target, External):
                if self._modelled(f"{target.path}.{name}"):
                    return [(External(f"{target.path}.{name}"),)]
                continue
            inner = self.module(target.path)
            found = self._exported(inner, name) if inner is not None and inner is not scope else None
            if found is not None:
                return [found]
        return []

    def _set_globally(self, scope: Activation, name: str) -> list[Values]:
        """Values that functions of the module give to ``name`` through ``global``."""
        if scope.path not in self._globals:
            self._globals[scope.path] = global_bindings(scope.body)
        found: list[Values] = []
        for chain, binding in self._globals[scope.path].get(name, ()):
            inner = self.symbolic(scope, chain)
            if inner is not None:
                values = handed.settled(
                    self, inner, partial(self.values, binding.value), At(binding.order, binding.block)
                )
                found.append(traced(values, Place(scope.path, binding.line)))
        return found


def _is_text(values: Values) -> bool:
    texts = [value.value if isinstance(value, Const) else value for value in values]
    return any(isinstance(text, (str, Template)) for text in texts)


def _parameter(scope: Activation, name: str) -> ir.Parameter | None:
    if scope.function is None:
        return None
    return next((p for p in scope.function.definition.parameters if p.name == name), None)

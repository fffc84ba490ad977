"""The evaluator: which values may this expression have at this place?

It works backwards and on demand: a name is looked up, its binding's expression is evaluated where it stands, and so on,
across modules. Results are remembered. It never guesses and always ends: what is defined through itself, nested too deeply
or takes too much work is an unknown with that reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brokerlint.link import calls, environment, library, objects, options, projects, stored, texts
from brokerlint.link.files import ConfigurationFiles
from brokerlint.link.program import Program
from brokerlint.link.scopes import END, Activation, At, Definition, Names, Store, base_key, names_of, visible
from brokerlint.link.values import (
    NONE,
    ClassValue,
    Client,
    Collection,
    Const,
    EnvVar,
    External,
    FunctionValue,
    Instance,
    Needed,
    Record,
    Unknown,
    Value,
    Values,
    concat,
    join,
    needs_of,
    traced,
    unknown,
)
from brokerlint.models.model import Models
from brokerlint.places import Place
from brokerlint.python import ir

DEEPEST = 90
"""Nesting of evaluations; real programs stay below 40."""

MOST_STEPS = 60_000
"""Evaluations that one sink may cost."""


class Evaluator:
    """Values of expressions in one program. Takes the program, the library models, and the tree's configuration files."""

    def __init__(self, program: Program, models: Models, files: ConfigurationFiles | None = None) -> None:
        self.program = program
        self.files = files or ConfigurationFiles()
        self.models = models
        self._memo: dict[tuple[int, int, At], Values] = {}
        self._active: set[tuple[int, int, At]] = set()
        self._members: set[tuple[str, str]] = set()
        self._names: dict[int, Names] = {}
        self._activations: dict[Any, Activation] = {}
        self._symbolic: dict[int, Activation] = {}
        self._globals: dict[str, dict[str, list[tuple[tuple[ir.Function | ir.Class, ...], ir.Binding]]]] = {}
        self._depth = 0
        self._steps = 0
        self._kept: list[object] = []
        self.stores = stored.Stores()
        self.here = ""
        self.answers: dict[object, Any] = {}
        self.texts: dict[object, list[str]] = {}
        self.inlining: list[tuple[str, str]] = []

    def keep(self, thing: object) -> None:
        """Keep something made on the way alive, since results are remembered by identity."""
        self._kept.append(thing)

    def start(self) -> None:
        """Begin a new sink: its work is counted from here."""
        self._steps = 0

    # --- Activations ----------------------------------------------------------------------------------------------

    def module(self, path: str) -> Activation | None:
        """The activation of a module's own body."""
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
        key = ("class", cls.path, cls.qualname, id(parent))
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
        given = arguments or {}
        key = (
            "call",
            function.path,
            function.qualname,
            id(function.definition),
            id(parent),
            function.receiver,
            tuple(sorted(given.items(), key=lambda item: item[0])),
            bound,
        )
        if key not in self._activations:
            self._activations[key] = Activation(
                parent.module,
                function.definition.body,
                "function",
                parent,
                function,
                owner,
                dict(given),
                function.receiver,
                bound,
            )
        return self._activations[key]

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
        known = self._memo.get(key)
        if known is not None:
            return known
        if key in self._active:
            return unknown("defined through itself")
        if self._depth >= DEEPEST:
            return unknown("nested too deeply")
        self._steps += 1
        if self._steps > MOST_STEPS:
            return unknown("too much work to follow")
        self._active.add(key)
        self._depth += 1
        try:
            handler = _HANDLERS.get(type(expr))
            found = unknown("an expression no name comes from") if handler is None else handler(self, expr, act, at)
        finally:
            self._depth -= 1
            self._active.discard(key)
        if self._steps <= MOST_STEPS:
            self._memo[key] = found
        return found

    def name(self, expr: ir.Name, act: Activation, at: At) -> Values:
        """A plain name: the nearest scope that binds it."""
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
        parameter = self._parameter(scope, name)
        found: list[Values] = []
        certain = False
        if definitions:
            seen, certain = visible(scope.body, definitions, at)
            found = [self.definition(one, scope) for one in seen]
        if parameter is not None and not certain:
            found.append(self.parameter(parameter, scope))
        if scope.kind == "module":
            found += self._set_globally(scope, name)
            if found and all(value == Const(None) for values in found for value in values):
                found += [stored.on_module(self, scope.path, name)]
            if not found:
                found += self._starred(scope, names, name)
        if not found:
            return None
        values = join(*found) if len(found) > 1 else found[0]
        return self._changed(values, names.stores.get(name, ()), scope, at)

    def definition(self, one: Definition, scope: Activation) -> Values:
        """The values of one binding, function, class or import."""
        if isinstance(one, ir.Binding):
            at = At(one.order, one.block)
            values = self.values(one.value, scope, at)
            if one.annotation is not None and all(isinstance(value, (Unknown, External)) for value in values):
                values = objects.annotated(self, one.annotation, scope) or values
            return traced(values, Place(scope.path, one.line))
        if isinstance(one, ir.Function):
            within = scope if scope.kind == "function" else None
            owner = scope.cls if scope.kind == "class" else None
            return (FunctionValue(scope.path, one.qualname, one, None, within, owner),)
        if isinstance(one, ir.Class):
            within = scope if scope.kind == "function" else None
            return (ClassValue(scope.path, one, one.qualname, within),)
        return self.imported(one, scope.path)

    def imported(self, one: ir.Import, path: str) -> Values:
        """What an import binds."""
        if one.name is None:
            top = one.module.split(".")[0]
            return (self.program.resolve(path, top if one.alias == top else one.module, one.level),)
        target = self.program.resolve(path, one.module, one.level)
        if isinstance(target, External):
            path = f"{target.path}.{one.name}"
            return library.ready(self, path) or (External(path),)
        return self.member(target.path, one.name)

    def member(self, path: str, name: str) -> Values:
        """``name`` of the module at ``path``: a binding of it, or a module inside it."""
        known = f"{self.program.dotted(path)}.{name}"
        if known in self.models.classes or known in self.models.functions:
            return (External(known),)  # the library itself is part of the program
        scope = self.module(path)
        key = (path, name)
        if scope is not None and key not in self._members:
            self._members.add(key)
            try:
                found = self.defined(scope, name, END)
            finally:
                self._members.discard(key)
            if found is not None:
                return found
        child = self.program.child(path, name) if self.program.is_package(path) else None
        return (child,) if child else unknown(f"{path} has no '{name}'")

    def parameter(self, parameter: ir.Parameter, scope: Activation) -> Values:
        """A parameter: the argument, or the default, or a symbol that asks for the callers."""
        given = scope.arguments.get(parameter.name)
        if given is not None:
            return given
        outside = scope.parent or scope
        function = scope.function
        at = END
        injected = objects.injected(self, parameter, outside)
        if not injected and function is not None:
            injected = options.decorated(self, function, parameter.name, outside)
            injected = injected or options.annotated(self, parameter.default, outside)
        if injected:
            return injected
        default = self.values(parameter.default, outside, at) if parameter.default is not None else ()
        if scope.bound:
            if default:
                return default
            if parameter.kind == "*":
                return (Collection("tuple", ()),)
            if parameter.kind == "**":
                return (Record(()),)
        assert function is not None
        need = Needed(function.path, function.qualname, parameter.name)
        typed = objects.annotated(self, parameter.annotation, outside) if parameter.annotation else ()
        symbol = Unknown(f"parameter '{parameter.name}' of {function.definition.name}", frozenset((need,)))
        return join(typed, default, (symbol,))

    def _parameter(self, scope: Activation, name: str) -> ir.Parameter | None:
        if scope.function is None:
            return None
        return next((p for p in scope.function.definition.parameters if p.name == name), None)

    def _starred(self, scope: Activation, names: Names, name: str) -> list[Values]:
        for one in names.stars:
            target = self.program.resolve(scope.path, one.module, one.level)
            if isinstance(target, External):
                if f"{target.path}.{name}" in self.models.classes or f"{target.path}.{name}" in self.models.functions:
                    return [(External(f"{target.path}.{name}"),)]
                continue
            inner = self.module(target.path)
            key = (target.path, name)
            if inner is not None and inner is not scope and key not in self._members:
                self._members.add(key)
                try:
                    found = self.defined(inner, name, END)
                finally:
                    self._members.discard(key)
                if found is not None:
                    return [found]
        return []

    def _set_globally(self, scope: Activation, name: str) -> list[Values]:
        """Values that functions of the module give to ``name`` through ``global``."""
        if scope.path not in self._globals:
            self._globals[scope.path] = _global_bindings(scope.body)
        found = []
        for chain, binding in self._globals[scope.path].get(name, ()):
            inner = self.symbolic(scope, chain)
            if inner is not None:
                values = self.values(binding.value, inner, At(binding.order, binding.block))
                found.append(traced(values, Place(scope.path, binding.line)))
        return found

    def symbolic(self, module: Activation, chain: tuple[ir.Function | ir.Class, ...]) -> Activation | None:
        """The activation of the innermost definition of ``chain``, with every parameter open."""
        known = self._symbolic.get(id(chain[-1])) if chain else module
        if known is not None:
            return known
        here: Activation | None = module
        for one in chain:
            if here is None:
                return None
            if isinstance(one, ir.Class):
                within = here if here.kind == "function" else None
                here = self.class_body(ClassValue(module.path, one, one.qualname, within))
            else:
                owner = here.cls if here.kind == "class" else None
                within = here if here.kind == "function" else None
                receiver = objects.symbolic_receiver(one, owner)
                value = FunctionValue(module.path, one.qualname, one, receiver, within, owner)
                here = self.call(value, objects.receiver_argument(value), bound=False)
        if here is not None:
            self._symbolic[id(chain[-1])] = here
        return here

    def _changed(self, values: Values, stores: Any, scope: Activation, at: At) -> Values:
        """The values after the changes in place that happened before ``at``."""
        for store in stores:
            if store.at.order < at.order:
                values = tuple(self._store(value, store, scope) for value in values)
        return values

    def _store(self, value: Value, store: Store, scope: Activation) -> Value:
        if isinstance(value, Record):
            added = self.values(store.value, scope, store.at)
            if store.how == "item" and store.key is not None:
                keys = self.values(store.key, scope, store.at)
                known = tuple((key.value, added) for key in keys if isinstance(key, Const))
                named = tuple((k, v) for k, v in known if not isinstance(k, (bytes, float)))
                fallback = tuple((repr(key), added) for key in keys if isinstance(key, EnvVar)) if not named else ()
                return Record((*value.entries, *named, *fallback), value.more or len(named) < len(keys))
            if store.how == "update":
                records = [one for one in added if isinstance(one, Record)]
                entries = tuple(entry for record in records for entry in record.entries)
                more = value.more or len(records) < len(added) or any(record.more for record in records)
                return Record((*value.entries, *entries), more)
        if isinstance(value, Collection) and store.how in ("append", "extend"):
            added = self.values(store.value, scope, store.at)
            if store.how == "append":
                return Collection(value.kind, (*value.items, added)[:200], value.more)
            inner = [one for one in added if isinstance(one, Collection)]
            items = tuple(item for one in inner for item in one.items)
            more = value.more or len(inner) < len(added)
            return Collection(value.kind, (*value.items, *items)[:200], more)
        return value

    # --- Forms of expressions -------------------------------------------------------------------------------------

    def attribute(self, expr: ir.Attribute, act: Activation, at: At) -> Values:
        """``value.attr``."""
        bases = self.values(expr.value, act, at)
        found = join(*[projects.attribute(self, base, expr.attr, act.path) for base in bases])
        if all(isinstance(value, (Unknown, External)) for value in found):
            elsewhere = stored.by_attribute(self, expr)
            if elsewhere:
                return elsewhere
        stores = self.names(act.body).stores
        return self._changed(found, stores.get(base_key(expr), ()), act, at) if stores else found

    def subscript(self, expr: ir.Subscript, act: Activation, at: At) -> Values:
        """``value[index]``."""
        keys = self.values(expr.index, act, at)
        found = join(*[self.item(base, keys) for base in self.values(expr.value, act, at)])
        if all(isinstance(value, (Unknown, External)) for value in found):
            return projects.configured(self, expr.value, keys) or stored.by_key(self, keys) or found
        return found

    def item(self, base: Value, keys: Values) -> Values:
        """The item of ``base`` under any of ``keys``; under an unknown key, any item."""
        if isinstance(base, Record):
            known = [
                base.get(key.value) for key in keys if isinstance(key, Const) and not isinstance(key.value, (bytes, float))
            ]
            found = [values for values in known if values is not None]
            if found and len(found) == len(keys):
                return join(*found)
            if known and len(known) == len(keys) and not base.more and not base.entries:
                return unknown("a key that the mapping lacks")
            if known and len(known) == len(keys):
                return unknown("a key that the mapping lacks") if not base.more else unknown("a key set elsewhere")
            every = [values for _, values in base.entries]
            missing = unknown("looked up by a key that is not known", needs_of(keys))
            return join(*every, missing) if every else missing
        if isinstance(base, Collection):
            index = next((key.value for key in keys if isinstance(key, Const)), None)
            if isinstance(index, int) and not base.more and -len(base.items) <= index < len(base.items):
                return base.items[index]
            missing = unknown("an item of an empty collection", needs_of(keys))
            return join(*base.items) if base.items else missing
        if isinstance(base, (External, ClassValue)):
            return environment.subscript(self, base, keys)
        if isinstance(base, Client):
            return objects.client_item(self, base, keys)
        if isinstance(base, Instance):
            method = objects.attribute(self, base, "__getitem__")
            functions = [value for value in method if isinstance(value, FunctionValue)]
            if functions:
                return join(*[calls.apply(self, function, [("", keys)]) for function in functions])
        return unknown("an item of something unknown", needs_of((base,)))

    def element(self, expr: ir.Element, act: Activation, at: At) -> Values:
        """One element of an iterable."""
        return join(*[self.element_of(base) for base in self.values(expr.of, act, at)])

    def element_of(self, base: Value) -> Values:
        """Any element of ``base``."""
        if isinstance(base, Collection):
            more = unknown("an element added elsewhere") if base.more else ()
            return join(*base.items, more) if base.items or more else unknown("an element of an empty collection")
        if isinstance(base, Record):
            keys = tuple(Const(key) for key, _ in base.entries)
            return join(keys, unknown("a key added elsewhere")) if base.more or not keys else keys
        if isinstance(base, ClassValue):
            members = objects.members(self, base)
            return join(*members) if members else unknown("an element of a class")
        if isinstance(base, Client):
            given = base.carry("element")
            return given if given else unknown("a message")
        return unknown("an element of something unknown", needs_of((base,)))

    def unpacked(self, expr: ir.Item, act: Activation, at: At) -> Values:
        """One position of an unpacked value."""
        found = []
        for base in self.values(expr.of, act, at):
            if isinstance(base, Collection) and expr.index is not None and expr.index < len(base.items):
                found.append(base.items[expr.index])
            elif isinstance(base, Collection) and base.items:
                found.append((Collection("list", base.items[1:]),) if expr.index is None else join(*base.items))
            else:
                found.append(unknown("a part of something unknown", needs_of((base,))))
        return join(*found)

    def entered(self, expr: ir.Entered, act: Activation, at: At) -> Values:
        """What ``with value as`` gives."""
        return join(*[objects.entered(self, base) for base in self.values(expr.of, act, at)])

    def formatted(self, expr: ir.Formatted, act: Activation, at: At) -> Values:
        """An f-string."""
        return concat([self.values(part, act, at) for part in expr.parts])

    def binary(self, expr: ir.Binary, act: Activation, at: At) -> Values:
        """``+``, ``%``, ``|``, ``/``."""
        left, right = self.values(expr.left, act, at), self.values(expr.right, act, at)
        return texts.binary(self, left, expr.operator, right)

    def boolean(self, expr: ir.Boolean, act: Activation, at: At) -> Values:
        """``a or b``: the default of a variable, or both; ``a and b``: the last."""
        left, right = self.values(expr.left, act, at), self.values(expr.right, act, at)
        if expr.operator == "and":
            return right
        kept: list[Value] = []
        decided = bool(left)
        for value in left:
            if isinstance(value, Const):
                if value.value:
                    kept.append(value)
                else:
                    decided = False
            elif isinstance(value, EnvVar) and value.default in (None, NONE):
                kept.append(EnvVar(value.name, right, value.trace))
            elif isinstance(value, EnvVar) or not isinstance(value, Unknown):
                kept.append(value)
            else:
                kept.append(value)
                decided = False
        return tuple(kept) if decided else join(tuple(kept), right)

    def conditional(self, expr: ir.Conditional, act: Activation, at: At) -> Values:
        """``body if test else orelse``."""
        test = self.values(expr.test, act, at)
        body, orelse = self.values(expr.body, act, at), self.values(expr.orelse, act, at)
        if len(test) == 1 and isinstance(test[0], Const):
            return body if test[0].value else orelse
        return join(body, orelse)

    def sequence(self, expr: ir.Sequence, act: Activation, at: At) -> Values:
        """A list, tuple or set display."""
        items: list[Values] = []
        more = False
        for item in expr.items[:200]:
            if not isinstance(item, ir.Starred):
                items.append(self.values(item, act, at))
                continue
            for inner in self.values(item.value, act, at):
                spread = texts.as_collection(self, inner)
                items.extend(spread.items)
                more = more or spread.more
        return (Collection(expr.kind, tuple(items), more or len(expr.items) > 200),)

    def mapping(self, expr: ir.Mapping, act: Activation, at: At) -> Values:
        """A dict display with ``**`` parts."""
        entries: list[tuple[str | int | bool | None, Values]] = []
        more = False
        for key, value in expr.entries[:400]:
            values = self.values(value, act, at)
            if key is None:
                records = [one for one in values if isinstance(one, Record)]
                more = more or len(records) < len(values) or any(one.more for one in records)
                entries.extend(entry for one in records for entry in one.entries)
                continue
            known = False
            for one in self.values(key, act, at):
                if isinstance(one, Const) and not isinstance(one.value, (bytes, float)):
                    entries.append((one.value, values))
                    known = True
                elif isinstance(one, EnvVar) and one.default and isinstance(one.default[0], Const):
                    entries.append((str(one.default[0].value), values))
                    known = True
            more = more or not known
        return (Record(tuple(entries), more or len(expr.entries) > 400),)

    def comprehension(self, expr: ir.Comprehension, act: Activation, at: At) -> Values:
        """A comprehension: one element stands for all of them, one for each value of its source."""
        inside = At(END.order, at.block)
        element = self.values(expr.element, act, inside)
        if expr.kind == "dict" and expr.key is not None:
            keys = self.values(expr.key, act, inside)
            known = [key.value for key in keys if isinstance(key, Const) and not isinstance(key.value, (bytes, float))]
            return (Record(tuple((key, element) for key in known), len(known) < len(keys)),)
        items = tuple((value,) for value in element)
        return (Collection("list" if expr.kind == "generator" else expr.kind, items),)

    def anonymous(self, expr: ir.Lambda, act: Activation, at: At) -> Values:
        """A lambda."""
        within = act if act.kind == "function" else None
        return (FunctionValue(act.path, expr.function.qualname, expr.function, None, within),)

    def call_result(self, expr: ir.Call, act: Activation, at: At) -> Values:
        """What a call gives back."""
        return calls.result(self, expr, act, at)

    def plain(self, expr: ir.Expr, act: Activation, at: At) -> Values:
        """A truth value: not followed."""
        return unknown("a truth value")


def _global_bindings(
    body: ir.Body, chain: tuple[ir.Function | ir.Class, ...] = ()
) -> dict[str, list[tuple[tuple[ir.Function | ir.Class, ...], ir.Binding]]]:
    found: dict[str, list[tuple[tuple[ir.Function | ir.Class, ...], ir.Binding]]] = {}
    for inner in (*body.functions, *body.classes):
        path = (*chain, inner)
        if isinstance(inner, ir.Function) and inner.body.outer:
            for binding in inner.body.bindings:
                if isinstance(binding.target, ir.Name) and binding.target.id in inner.body.outer:
                    found.setdefault(binding.target.id, []).append((path, binding))
        for name, bindings in _global_bindings(inner.body, path).items():
            found.setdefault(name, []).extend(bindings)
    return found


_HANDLERS: dict[type[Any], Callable[[Evaluator, Any, Activation, At], Values]] = {
    ir.Name: Evaluator.name,
    ir.Attribute: Evaluator.attribute,
    ir.Subscript: Evaluator.subscript,
    ir.Call: Evaluator.call_result,
    ir.Formatted: Evaluator.formatted,
    ir.Binary: Evaluator.binary,
    ir.Boolean: Evaluator.boolean,
    ir.Conditional: Evaluator.conditional,
    ir.Sequence: Evaluator.sequence,
    ir.Mapping: Evaluator.mapping,
    ir.Comprehension: Evaluator.comprehension,
    ir.Lambda: Evaluator.anonymous,
    ir.Element: Evaluator.element,
    ir.Item: Evaluator.unpacked,
    ir.Entered: Evaluator.entered,
    ir.Compare: Evaluator.plain,
    ir.Unary: Evaluator.plain,
}

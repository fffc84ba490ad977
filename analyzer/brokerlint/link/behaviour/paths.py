"""Import paths: which library an expression comes from, also where its value can't be known.

``requests.Session().post`` is told for ``self.http.post`` when some method says ``self.http = requests.Session()``. A
call is written ``()``; where its first argument is a text, as in ``boto3.client("s3")``, that text stands inside.
"""

from __future__ import annotations

from brokerlint.link import objects
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import END, Activation, At, visible
from brokerlint.link.values import (
    ClassValue,
    Client,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Value,
)
from brokerlint.python import ir

DEEPEST = 8


class Paths:
    """Import paths of expressions; each is worked out once."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._known: dict[tuple[int, int, At], str] = {}

    def path(self, expr: ir.Expr, scope: Activation, at: At, depth: int = 0) -> str:
        """The dotted import path that ``expr`` leads back to; "" when it belongs to the program or can't be told.

        ``depth`` counts the names and functions that were followed, not how long the expression is.
        """
        if depth >= DEEPEST:
            return ""
        key = (id(expr), id(scope), at)
        known = self._known.get(key)
        if known is None:
            self._known[key] = ""
            known = self._known[key] = self._find(expr, scope, at, depth)
        return known

    def _find(self, expr: ir.Expr, scope: Activation, at: At, depth: int) -> str:
        if isinstance(expr, ir.Attribute):
            base = self.path(expr.value, scope, at, depth)
            if base:
                return f"{base}.{expr.attr}"
            return self._stored(expr, scope, at, depth)
        if isinstance(expr, ir.Call):
            return self._called(expr, scope, at, depth)
        if isinstance(expr, ir.Name):
            return self._named(expr, scope, at, depth)
        if isinstance(expr, ir.Item) and isinstance(expr.of, ir.Sequence) and expr.index is not None:
            items = expr.of.items
            return self.path(items[expr.index], scope, at, depth) if expr.index < len(items) else ""
        if isinstance(expr, (ir.Entered, ir.Element, ir.Item)):
            return self.path(expr.of, scope, at, depth)
        if isinstance(expr, ir.Subscript):
            return self.path(expr.value, scope, at, depth)
        if isinstance(expr, ir.Boolean):
            return self.path(expr.left, scope, at, depth) or self.path(expr.right, scope, at, depth)
        return ""

    def _named(self, expr: ir.Name, scope: Activation, at: At, depth: int) -> str:
        here: Activation | None = scope
        position = at
        while here is not None:
            definitions = self._ev.names(here.body).definitions.get(expr.id)
            if definitions and here.kind != "class":
                for one in visible(here.body, definitions, position)[0][:3]:
                    if isinstance(one, ir.Binding):
                        found = self.path(one.value, here, At(one.order, one.block), depth + 1)
                        if found:
                            return found
                    elif isinstance(one, ir.Import) and one.name is not None:
                        target = self._ev.program.resolve(here.path, one.module, one.level)
                        if isinstance(target, ModuleValue):
                            return self._in_module(target.path, one.name, depth) or self._plain(expr, scope, at)
                break
            parameter = self._parameter(here, expr.id)
            if parameter is not None:
                return self._annotated(parameter, here, depth)
            position, here = END, here.parent
        return self._plain(expr, scope, at)

    def _plain(self, expr: ir.Name, scope: Activation, at: At) -> str:
        return next((found for value in self._ev.values(expr, scope, at) if (found := self._of_value(value))), "")

    def _in_module(self, path: str, name: str, depth: int) -> str:
        """What a module of the program binds a name to."""
        scope = self._ev.module(path)
        if scope is None or depth + 1 >= DEEPEST:
            return ""
        known = ir.Name(name)
        self._ev.keep(known)
        return self._named(known, scope, END, depth + 1)

    def _parameter(self, scope: Activation, name: str) -> ir.Parameter | None:
        if scope.function is None:
            return None
        return next((p for p in scope.function.definition.parameters if p.name == name), None)

    def _annotated(self, parameter: ir.Parameter, scope: Activation, depth: int) -> str:
        for value in scope.arguments.get(parameter.name, ()):
            found = self._of_value(value)
            if found:
                return found
        note = parameter.annotation
        if isinstance(note, ir.Subscript):
            note = note.index.items[0] if isinstance(note.index, ir.Sequence) and note.index.items else note.index
        if isinstance(note, (ir.Name, ir.Attribute)):
            found = self.path(note, scope.parent or scope, END, depth + 1)
            return f"{found}()" if found else ""
        return ""

    def _called(self, expr: ir.Call, scope: Activation, at: At, depth: int) -> str:
        base = self.path(expr.function, scope, at, depth)
        if base:
            first = expr.arguments[0].value if expr.arguments else None
            text = str(first.value) if isinstance(first, ir.Constant) and isinstance(first.value, str) else ""
            return f"{base}({text if len(text) < 24 and text.isidentifier() else ''})"
        for value in self._ev.values(expr.function, scope, at)[:3]:
            if isinstance(value, FunctionValue):
                inner = self._ev.call(value, objects.receiver_argument(value), bound=False)
                leaves = [
                    one
                    for one in value.definition.body.exits
                    if one.kind in ("return", "yield") and one.value is not None
                ]
                for leave in leaves[:3] if inner is not None else ():
                    assert inner is not None
                    assert leave.value is not None
                    found = self.path(leave.value, inner, At(leave.order, leave.block), depth + 1)
                    if found:
                        return found
        return ""

    def _stored(self, expr: ir.Attribute, scope: Activation, at: At, depth: int) -> str:
        """``self.http``: what the class's methods, or its body, put there."""
        for value in self._ev.values(expr.value, scope, at)[:3]:
            if isinstance(value, ModuleValue):
                return self._in_module(value.path, expr.attr, depth)
            cls = value.cls if isinstance(value, Instance) else value
            if not isinstance(cls, ClassValue):
                found = self._of_value(value)
                if found:
                    return f"{found}.{expr.attr}"
                continue
            order, outside = objects.mro(self._ev, cls)
            for one in order:
                found = self._set(one, expr.attr, depth)
                if found:
                    return found
                if any(f.name == expr.attr for f in one.definition.body.functions):
                    return ""
            if outside:
                mark = "()" if isinstance(value, Instance) else ""
                return f"{outside[0]}{mark}.{expr.attr}"
        return ""

    def _set(self, cls: ClassValue, name: str, depth: int) -> str:
        body = self._ev.class_body(cls)
        for function in cls.definition.body.functions:
            if not function.parameters:
                continue
            bindings = self._ev.names(function.body).attributes.get((function.parameters[0].name, name), ())
            for binding in bindings:
                value = FunctionValue(cls.path, function.qualname, function, Instance(cls, None), cls.within, cls)
                inner = self._ev.call(value, objects.receiver_argument(value), bound=False)
                found = self.path(binding.value, inner, At(binding.order, binding.block), depth + 1) if inner else ""
                if found:
                    return found
        for one in self._ev.names(cls.definition.body).definitions.get(name, ()) if body is not None else ():
            if isinstance(one, ir.Binding) and body is not None:
                found = self.path(one.value, body, At(one.order, one.block), depth + 1)
                if found:
                    return found
        return ""

    def _of_value(self, value: Value) -> str:
        if isinstance(value, External):
            return value.path
        if isinstance(value, Client):
            return f"{value.model}()"
        if isinstance(value, Method):
            inner = self._of_value(value.receiver)
            return f"{inner}.{value.name}" if inner else ""
        if isinstance(value, (ClassValue, Instance)):
            cls = value.cls if isinstance(value, Instance) else value
            outside = [
                path for path in objects.mro(self._ev, cls)[1] if not path.startswith(("builtins.", "abc.", "typing."))
            ]
            if outside:
                return f"{outside[0]}()" if isinstance(value, Instance) else outside[0]
        return ""

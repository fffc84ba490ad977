"""What derives from what: bases, the method resolution order, subclasses, and what tells kinds of classes apart."""

from __future__ import annotations

from dataclasses import replace

from brokerlint.link.engine import Engine
from brokerlint.link.scopes import END, At
from brokerlint.link.values import ClassValue, External, FunctionValue, Value, Values
from brokerlint.python import ir

_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum", "TextChoices", "IntegerChoices", "Choices", "Flag", "IntFlag"})
_MOST_BASES = 24
_MOST_SUBCLASSES = 60
_MOST_IMPLEMENTATIONS = 12


def bases(ev: Engine, cls: ClassValue) -> Values:
    """The base classes that the class statement names, of the program and outside."""
    scope = cls.within or ev.module(cls.path)
    if scope is None:
        return ()
    nested = cls.within is None and "." in cls.qualname  # its position counts inside the class around it
    at = END if nested else At(cls.definition.order, cls.definition.block)
    found: list[Value] = []
    for base in cls.definition.bases:
        inner = base.value if isinstance(base, ir.Subscript) else base
        values = ev.values(inner, scope, at)
        found.extend(value for value in values if isinstance(value, (ClassValue, External)))
    return tuple(found)


def mro(ev: Engine, cls: ClassValue) -> tuple[list[ClassValue], list[str]]:
    """The class and its bases of the program, nearest first, and the dotted paths of outside bases."""
    key = ("mro", id(cls.definition))
    known: tuple[list[ClassValue], list[str]] | None = ev.answers.get(key)
    if known is not None:
        return known
    order: list[ClassValue] = []
    outside: list[str] = []
    waiting: list[Value] = [cls]
    while waiting and len(order) < _MOST_BASES:
        one = waiting.pop(0)
        if isinstance(one, External):
            if one.path not in outside:
                outside.append(one.path)
        elif isinstance(one, ClassValue) and one not in order:
            order.append(one)
            waiting = [*waiting, *bases(ev, one)]
    ev.answers[key] = order, outside
    return order, outside


def bases_in_program(ev: Engine, cls: ClassValue) -> list[ClassValue]:
    """The bases that belong to the program, all levels, nearest first."""
    return mro(ev, cls)[0][1:]


def library_base(ev: Engine, cls: ClassValue) -> str | None:
    """The path of the modelled library class that ``cls`` derives from."""
    return next((path for path in mro(ev, cls)[1] if path in ev.models.classes), None)


def is_enum(ev: Engine, cls: ClassValue) -> bool:
    """Does the class derive from an enumeration?"""
    return any(path.rpartition(".")[2] in _ENUMS for path in mro(ev, cls)[1])


def subclasses(ev: Engine, cls: ClassValue) -> list[ClassValue]:
    """The classes of the program that derive from ``cls``, in files that name it."""
    cls = replace(cls, open=False) if cls.open else cls
    nothing: list[ClassValue] = []
    return ev.once(("subclasses", cls.path, cls.qualname), lambda: _deriving(ev, cls), nothing)


def _deriving(ev: Engine, cls: ClassValue) -> list[ClassValue]:
    found: list[ClassValue] = []
    waiting = [cls]
    while waiting and len(found) < _MOST_SUBCLASSES:
        here = waiting.pop(0)
        for module in ev.program.deriving(here.definition.name):
            for candidate in module.body.classes:
                value = ClassValue(module.path, candidate, candidate.qualname)
                if value not in found and value != cls and candidate.bases and here in bases(ev, value):
                    found.append(value)
                    waiting.append(value)
    return found


def implementations(ev: Engine, cls: ClassValue) -> list[ClassValue]:
    """The subclasses of ``cls``; of a protocol without any, the classes that have all its methods."""
    derived = subclasses(ev, cls)
    if derived or not any(path.rpartition(".")[2] == "Protocol" for path in mro(ev, cls)[1]):
        return derived
    wanted = {f.name for f in cls.definition.body.functions if not f.name.startswith("__")}
    if not wanted:
        return []
    found: list[ClassValue] = []
    for module in ev.program.defining(min(wanted)):
        for one in module.body.classes:
            has = {f.name for f in one.body.functions if not is_abstract(f)}
            if one is not cls.definition and wanted <= has:
                found.append(ClassValue(module.path, one, one.qualname))
    return found[:_MOST_IMPLEMENTATIONS]


# --- What a class statement says by itself ------------------------------------------------------------------------


def mark(expr: ir.Expr) -> str:
    """The last name of a decorator, exception or annotation, called or not: ``task`` of ``@app.task(bind=True)``."""
    if isinstance(expr, ir.Call):
        return mark(expr.function)
    if isinstance(expr, ir.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, ir.Name) else ""


def is_abstract(function: ir.Function) -> bool:
    """Has the function no body of its own (``...``, ``pass``, ``raise NotImplementedError``)?"""
    body = function.body
    if body.sites and not all(mark(site.call) == "NotImplementedError" for site in body.sites):
        return False
    raises = any(
        leave.kind == "raise" and leave.value is not None and mark(leave.value) == "NotImplementedError"
        for leave in body.exits
    )
    marked = any(mark(decorator) in ("abstractmethod", "abstractproperty") for decorator in function.decorators)
    empty = not body.bindings and not any(leave.kind in ("return", "yield") for leave in body.exits)
    return raises or marked or (empty and not body.sites and not body.functions)


def initializer(cls: ClassValue) -> ir.Function | None:
    """The ``__init__`` that the class itself defines."""
    return next((f for f in cls.definition.body.functions if f.name == "__init__"), None)


def initializer_of(ev: Engine, cls: ClassValue) -> FunctionValue | None:
    """The ``__init__`` that makes instances of ``cls``, when the program has it."""
    for one in mro(ev, cls)[0]:
        own = initializer(one)
        if own is not None:
            return FunctionValue(one.path, own.qualname, own, None, one.within, one)
    return None


def field(cls: ClassValue, name: str) -> ir.Binding | None:
    """The first binding of ``name`` in the body of the class itself."""
    bindings = cls.definition.body.bindings
    return next((b for b in bindings if isinstance(b.target, ir.Name) and b.target.id == name), None)


def fields(ev: Engine, cls: ClassValue) -> list[str]:
    """The annotated names of the class and its bases, base first: a dataclass's constructor parameters."""
    seen: dict[str, None] = {}
    for one in reversed(mro(ev, cls)[0]):
        for binding in one.definition.body.bindings:
            if isinstance(binding.target, ir.Name) and binding.annotation is not None:
                seen.setdefault(binding.target.id)
    return list(seen)

"""Calls of the program by the last part of the name that is called: the index that finds sinks and callers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from brokerlint.link.deferred import handed
from brokerlint.link.program import Program
from brokerlint.link.scopes import At, last_name
from brokerlint.places import Place
from brokerlint.python import ir


@dataclass(frozen=True, eq=False, slots=True)
class CallSite:
    """A call and the definitions around it, outermost first. ``bare`` is the function that it decorates when it is
    written without parentheses, ``outer`` the call that a method is handed to which calls it."""

    module: ir.Module
    chain: tuple[ir.Function | ir.Class, ...]
    site: ir.Site
    bare: ir.Function | None = None
    outer: ir.Site | None = None

    @property
    def at(self) -> At:
        """Where the call stands in its body."""
        return At(self.site.order, self.site.block)

    @property
    def place(self) -> Place:
        """The lines of the call."""
        return Place(self.module.path, self.site.call.line, self.site.call.end_line)

    @property
    def answering(self) -> ir.Site:
        """The call whose value is the answer."""
        return self.outer or self.site

    @property
    def body(self) -> ir.Body:
        """The body that holds the call."""
        definition = self.chain[-1] if self.chain else None
        return definition.body if definition is not None else self.module.body

    @property
    def decorated(self) -> ir.Function | None:
        """The function that the call decorates."""
        call = self.site.call
        return self.bare or next((one for one in self.body.functions if any(d is call for d in one.decorators)), None)

    @property
    def function(self) -> str:
        """The qualified name of the definition around the call; "" at module level."""
        return self.chain[-1].qualname if self.chain else ""


def bodies(
    body: ir.Body, chain: tuple[ir.Function | ir.Class, ...] = ()
) -> Iterator[tuple[tuple[ir.Function | ir.Class, ...], ir.Body]]:
    """Every body inside ``body``, itself included, with the definitions that lead to it."""
    yield chain, body
    inside: tuple[ir.Function | ir.Class, ...] = (*body.functions, *body.classes)
    for inner in inside:
        yield from bodies(inner.body, (*chain, inner))


class Sites:
    """The call sites of all modules that have been read, by the last name called and by the names passed as
    arguments. ``knowing`` gives for a file what tells of another one whether it can know its functions."""

    def __init__(self, program: Program, knowing: Callable[[str], Callable[[str], bool]] | None = None) -> None:
        self._program = program
        self._knowing = knowing or (lambda path: lambda other: True)
        self._seen: set[str] = set()
        self._count = -1
        self._called: dict[str, list[CallSite]] = {}
        self._passed: dict[str, list[CallSite]] = {}
        self._handed: dict[str, list[CallSite]] = {}
        self._decorating: dict[str, list[CallSite]] = {}
        self._made: dict[str, set[str]] = {}
        self._aliases: dict[str, set[str]] = {}

    def refresh(self) -> None:
        """Take in the modules that were read since the last time."""
        if self._program.count == self._count:
            return
        self._count = self._program.count
        for module in self._program.loaded():
            if module.path not in self._seen:
                self._seen.add(module.path)
                self._add(module)

    def _add(self, module: ir.Module) -> None:
        for chain, body in bodies(module.body):
            for function in body.functions:
                self._decorate(module, chain, function)
            for binding in body.bindings:
                self._loop(module, chain, body, binding)
                if isinstance(binding.value, ir.Call):
                    self._made.setdefault(last_name(binding.value.function), set()).add(last_name(binding.target))
            for site in body.sites:
                here = CallSite(module, chain, site)
                self._called.setdefault(last_name(site.call.function), []).append(here)
                for one in handed(site):
                    inner = CallSite(module, chain, one, None, site)
                    self._handed.setdefault(last_name(one.call.function), []).append(inner)
                for argument in site.call.arguments:
                    name = last_name(argument.value)
                    if name:
                        self._passed.setdefault(name, []).append(here)
            for imported in body.imports:
                if imported.name and imported.alias != imported.name:
                    self._aliases.setdefault(imported.name, set()).add(imported.alias)
            for binding in body.bindings:
                self._alias(binding)

    def _decorate(self, module: ir.Module, chain: tuple[ir.Function | ir.Class, ...], function: ir.Function) -> None:
        """``@app.task`` without parentheses calls ``app.task`` all the same, as ``app.task()`` would."""
        for decorator, line in zip(function.decorators, function.decorator_lines, strict=True):
            if isinstance(decorator, (ir.Name, ir.Attribute)):
                call = ir.Call(decorator, (), line, line)
                site = ir.Site(call, function.block, function.order, "used", False)
                here = CallSite(module, chain, site, function)
                self._decorating.setdefault(last_name(decorator), []).append(here)

    def _loop(
        self, module: ir.Module, chain: tuple[ir.Function | ir.Class, ...], body: ir.Body, binding: ir.Binding
    ) -> None:
        """``async for x in topic`` calls ``topic.__iter__()``."""
        in_loop = binding.block >= 0 and body.blocks[binding.block].kind == "async-for"
        if in_loop and binding.kind == "for" and isinstance(binding.value, ir.Element):
            call = ir.Call(ir.Attribute(binding.value.of, "__iter__"), (), binding.line, binding.line)
            site = ir.Site(call, binding.block, binding.order, "used", False)
            self._called.setdefault("__iter__", []).append(CallSite(module, chain, site))

    def made_by(self, names: Iterable[str]) -> set[str]:
        """The names that results of calls of any of ``names`` are bound to: ``orders = broker.publisher(...)``."""
        self.refresh()
        return {target for name in names for target in self._made.get(name, ())}

    def decorating(self, names: Iterable[str]) -> list[CallSite]:
        """All known decorators without parentheses of any of ``names``."""
        self.refresh()
        return [site for name in names for site in self._decorating.get(name, ())]

    def _alias(self, binding: ir.Binding) -> None:
        """``target = function`` and ``target = partial(function, ...)`` make another name for the function."""
        target, value = last_name(binding.target), binding.value
        sources = [value]
        if isinstance(value, ir.Call) and last_name(value.function) in ("partial", "partialmethod"):
            sources = [argument.value for argument in value.arguments[:1]]
        elif isinstance(value, (ir.Conditional, ir.Boolean)):
            sources = [value.body, value.orelse] if isinstance(value, ir.Conditional) else [value.left, value.right]
        for source in sources:
            name = last_name(source) if isinstance(source, (ir.Name, ir.Attribute)) else ""
            if name and target and name != target:
                self._aliases.setdefault(name, set()).add(target)

    def calling(self, name: str, of: str | None = None, strictly: bool = False) -> list[CallSite]:
        """The calls of ``name`` or of another name for it. With the file that defines what is called, those files are
        left out whose imports say that they can't know it: of a common name, or of any (``strictly``)."""
        knows = self._knowing(of) if of is not None else None
        self._program.calling(name, knows, strictly)
        self.refresh()
        found = list(self._called.get(name, ()))
        for alias in sorted(self._aliases.get(name, ())):
            self._program.calling(alias, knows, strictly)
            self.refresh()
            found += self._called.get(alias, ())
        return found

    def passing(self, name: str, of: str | None = None, strictly: bool = False) -> list[CallSite]:
        """The calls that get ``name`` as an argument (threads, executors, callbacks), in the files that `calling` tells
        of."""
        self._program.passing(name, self._knowing(of) if of is not None else None, strictly)
        self.refresh()
        return list(self._passed.get(name, ()))

    def inside(self, path: str, name: str) -> list[CallSite]:
        """The calls of ``name`` in one file."""
        self._program.module(path)
        self.refresh()
        return [site for site in self._called.get(name, ()) if site.module.path == path]

    def all(self, names: frozenset[str]) -> list[CallSite]:
        """All known calls of any of ``names``, also those that others make of methods that they get, in the order of
        files and lines."""
        self.refresh()
        widened = set(names)
        for name in names:
            widened |= self._aliases.get(name, set())
        found = [site for name in widened for site in self._called.get(name, ())]
        found += [site for name in names for site in self._handed.get(name, ())]
        return sorted(found, key=lambda s: (s.module.path, s.site.call.line, s.site.order, s.function))

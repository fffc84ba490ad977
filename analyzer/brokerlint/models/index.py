"""Models together: every path, method name and word of all libraries, the way that linking asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from brokerlint.models.model import ClassModel, Gives, Library, Models, Operation


def operations(library: Library) -> Iterator[tuple[str, Operation]]:
    """Every operation of a library, with the import path that it is written at."""
    for path, model in library.classes.items():
        yield from ((f"{path}.{name}", operation) for name, operation in model.methods.items())
        yield from ((path, operation) for operation in (model.construct, model.subclass) if operation is not None)
    yield from library.functions.items()


def gifts(library: Library) -> Iterator[tuple[str, Gives]]:
    """Everything that a library's calls, attributes and ready-made objects give, with the import path."""
    for where, operation in operations(library):
        yield from ((where, gives) for gives in (operation.gives, operation.becomes) if gives is not None)
    for path, model in library.classes.items():
        yield from ((f"{path}.{name}", gives) for name, gives in model.attributes.items())
    yield from library.objects.items()


def undescribed(library: Library, others: Iterable[Library]) -> list[tuple[str, str]]:
    """The classes that ``library`` says its calls give but no model describes: (import path of the call, class)."""
    known = index((*others, library)).classes
    return [
        (where, name)
        for where, gives in gifts(library)
        for name in (gives.model, gives.element, *gives.choices.values())
        if name and name not in known
    ]


def in_use(libraries: Iterable[Library], occurs: Callable[[str], bool]) -> tuple[Library, ...]:
    """Those libraries that need no other word in the program, or whose word ``occurs`` in it."""
    return tuple(one for one in libraries if not one.needs or any(occurs(word) for word in one.needs))


def index(libraries: Iterable[Library]) -> Models:
    """Put libraries together. A class or function path that two of them define belongs to the later one."""
    libraries = tuple(libraries)
    classes: dict[str, ClassModel] = {}
    functions: dict[str, Operation] = {}
    function_library: dict[str, Library] = {}
    library_of: dict[str, Library] = {}
    distinct: dict[str, list[tuple[ClassModel, Operation]]] = {}
    objects: dict[str, Gives] = {}
    attributes: dict[str, list[Gives]] = {}
    methods: set[str] = set()
    words: dict[bytes, None] = {}
    for library in libraries:
        for path, model in library.classes.items():
            for name in (path, *model.aliases, *model.annotations):
                classes[name] = model
                library_of[name] = library
            for name, operation in model.methods.items():
                if operation.role:
                    methods.add(name)
                if operation.distinct:
                    distinct.setdefault(name, []).append((model, operation))
            for name, gives in model.attributes.items():
                if gives.distinct and gives not in attributes.setdefault(name, []):
                    attributes[name].append(gives)
        for path, operation in library.functions.items():
            functions[path] = operation
            function_library[path] = library
        objects.update(library.objects)
        words.update((word.encode(), None) for word in library.words)
    return Models(
        libraries,
        classes,
        functions,
        function_library,
        library_of,
        tuple(words),
        frozenset(methods),
        {name: tuple(found) for name, found in distinct.items()},
        objects,
        {name: tuple(found) for name, found in attributes.items()},
    )

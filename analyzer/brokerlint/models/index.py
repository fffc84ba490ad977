"""Models together: every path, method name and word of all libraries, the way that linking asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brokerlint.models.model import ClassModel, Gives, Library, Models, Operation


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
        words.update((module.encode(), None) for module in library.modules)
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

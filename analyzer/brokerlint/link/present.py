"""The models that a program can need: of libraries that it uses, and classes of which it can hold an object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from brokerlint.models.index import index
from brokerlint.models.model import ClassModel, Gives, Library, Models, Operation
from brokerlint.read import Sources
from brokerlint.words import occurring


def present(sources: Sources, models: Models, candidates: Sequence[str]) -> Models:
    """The models of libraries that the program uses, and of others the calls that are unmistakable by themselves.

    ``candidates`` are the files that name a library.
    """
    texts = [sources.text(path) for path in candidates]
    named = [any(word.encode() in text for word in one.words for text in texts) for one in models.libraries]
    words = {
        word for library, by_name in zip(models.libraries, named, strict=True) if by_name for word in _words(library)
    }
    found = occurring(sorted(map(str.encode, words)), (sources.text(path) for path in sources.paths))
    known = {word.decode() for word in found}
    kept = []
    for library, by_name in zip(models.libraries, named, strict=True):
        evident = any(known & _evidence(model) for model in library.classes.values())
        if by_name and (evident or _used(sources, library, candidates)):
            kept.append(library)
        elif any(operation.distinct for model in library.classes.values() for operation in model.methods.values()):
            kept.append(_unmistakable(library))
    return index(_reachable(kept, known))


def _used(sources: Sources, library: Library, candidates: Sequence[str]) -> bool:
    """Does a file import the package that the library's classes and functions stand in, and name one of them? One that
    catches an error of the library uses none."""
    paths = [*library.classes, *(a for model in library.classes.values() for a in model.aliases), *library.functions]
    paths += library.objects
    packages = dict.fromkeys(path.split(".")[0] for path in paths)
    names = sorted({_last(path) for path in paths})
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b|\bimport[ \t]*\*".encode())
    return any(
        word.search(sources.text(path)) for package in packages for path in sources.importing(package, candidates)
    )


def _unmistakable(library: Library) -> Library:
    """The library with those methods alone whose calls no other object has."""
    return replace(library, classes={path: _bare(model) for path, model in library.classes.items()})


def _bare(model: ClassModel) -> ClassModel:
    return replace(model, methods={name: one for name, one in model.methods.items() if one.distinct})


# --- Which objects can there be? ----------------------------------------------------------------------------------


def _reachable(libraries: Sequence[Library], known: set[str]) -> list[Library]:
    """The libraries, with the plain methods of those classes alone of which the program can hold an object.

    An object comes from a class that is named, or from a call or an attribute that gives it; where the name of the one
    and of all the others stands nowhere in the program (``known`` are the words that do), ``get`` and ``save`` need not
    be asked what they belong to.
    """
    classes = index(libraries).classes
    models = {path: model for library in libraries for path, model in library.classes.items()}
    found = {path for path, model in models.items() if known & (_names(model) | _evidence(model))}
    ways = [way for library in libraries for way in _ways(library) if way[1] in known and way[2] in classes]
    before = -1
    while len(found) != before:
        before = len(found)
        found |= {classes[given].path for owner, _, given in ways if not owner or owner in found}
    return [
        replace(one, classes={path: model if path in found else _bare(model) for path, model in one.classes.items()})
        for one in libraries
    ]


def _words(library: Library) -> Iterator[str]:
    """Every word that says something about which objects of the library there are."""
    for model in library.classes.values():
        yield from _names(model) | _evidence(model)
    yield from (word for _, word, _ in _ways(library))


def _names(model: ClassModel) -> set[str]:
    return {_last(one) for one in (model.path, *model.aliases, *model.annotations)}


def _evidence(model: ClassModel) -> set[str]:
    """The methods and attributes that tell an object of the class wherever it comes from."""
    parts: list[tuple[str, Operation | Gives]] = [*model.methods.items(), *model.attributes.items()]
    return {name for name, one in parts if one.distinct}


def _ways(library: Library) -> Iterator[tuple[str, str, str]]:
    """What gives objects: the class that it is a part of ("" for none), its name, and the class of the object."""
    for path, model in library.classes.items():
        own: list[tuple[str, Operation | Gives | None]] = [*model.methods.items(), *model.attributes.items()]
        own += [(_last(path), model.construct), (_last(path), model.subclass)]
        yield from ((path, name, given) for name, one in own for given in _given(one))
    free: list[tuple[str, Operation | Gives]] = [*library.functions.items(), *library.objects.items()]
    yield from (("", _last(path), given) for path, one in free for given in _given(one))


def _given(one: Operation | Gives | None) -> Iterator[str]:
    """The classes of the objects that an operation, or reading an attribute, gives."""
    if isinstance(one, Operation):
        for part in (one.gives, one.becomes, *one.also):
            yield from _given(part)
    elif one is not None:
        yield from (name for name in (one.model, one.element, *one.choices.values()) if name)


def _last(path: str) -> str:
    return path.rpartition(".")[2]

"""Construct libraries as the evaluator sees them: every call, attribute and method result is kept as it is written.

A call of something below one of the packages gives a ``Client`` whose ``model`` is the path after the package
(``cdk:aws_sqs.Queue``, ``cdk:aws_sqs.Queue.queue_url``, ``cdk:aws_cdk.Duration.seconds``) and that carries

- for a construct its ``scope`` and ``id`` only (its arguments are the walk's to keep: constructs hold each other),
- for everything else its ``arguments`` (positional) and ``keywords``.

Attributes and results of methods carry on what their object carries, so that they lead back to it; a result has its
object's own arguments under ``before``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from brokerlint.models.model import Argument, ClassModel, Gives, Models, Operation

CALLED = "()"
"""What stands after the path of a method's result."""

_FURTHER = {"json.dumps": "json.dumps"}
_FILE = "builtins.__file__."
"""Functions outside the package that are kept too: JSON, and methods of the path of the file itself."""

_CONTENT = {"arguments": Argument(("*",)), "keywords": Argument(("**",))}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages of one construct library. ``mark`` begins the paths in its models; ``roots`` are import paths that
    it stands for, the longest first; ``scope`` and ``id`` say where constructs take these; ``is_construct`` tells them
    apart by path."""

    mark: str
    roots: tuple[str, ...]
    scope: Argument | None
    id: Argument
    is_construct: Callable[[str], bool]

    def plain(self, path: str) -> str:
        """The path after the package, with the mark; "" for what belongs to something else."""
        if path.startswith(self.mark):
            return path
        if path in _FURTHER or path.startswith(_FILE):
            return f"{self.mark}{_FURTHER.get(path, 'path.' + path.rpartition('.')[2])}"
        root = next((root for root in self.roots if path.startswith(root)), None)
        if root is None:
            return ""
        head, dot, tail = path[len(root) :].partition(".")
        return f"{self.mark}{head.removesuffix('_alpha')}{dot}{tail}"

    def kind(self, path: str) -> str:
        """The path after the package, without the mark."""
        return self.plain(path).removeprefix(self.mark)

    def names_class(self, path: str) -> bool:
        """Whether the path is that of a class."""
        return self.kind(path).rpartition(".")[2][:1].isupper()


class _Answers(Mapping[str, T], Generic[T]):
    """A mapping that makes its answers when they are asked for, and lists none."""

    def __init__(self, make: Callable[[str], T | None]) -> None:
        self._make = make
        self._made: dict[str, T | None] = {}

    def _answer(self, key: str) -> T | None:
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def __getitem__(self, key: str) -> T:
        found = self._answer(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._answer(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def recording(packages: Packages) -> Models:
    """Models with which an evaluator keeps every call of the packages."""

    def function(path: str) -> Operation | None:
        plain = packages.plain(path)
        return _made(packages, plain) if plain and not packages.names_class(path) else None

    def cls(path: str) -> ClassModel | None:
        plain = packages.plain(path)
        if not plain or not (path.startswith(packages.mark) or packages.names_class(path)):
            return None
        attributes = _Answers(lambda name: Gives(f"{plain}.{name}", keeps=True) if not name.startswith("__") else None)
        return ClassModel(
            plain, "", "", construct=_made(packages, plain), methods=_Answers(_called(plain)), attributes=attributes
        )

    return Models((), _Answers(cls), _Answers(function), {}, {}, (), frozenset(), {})


def _made(packages: Packages, plain: str) -> Operation:
    """What calling a class or a plain function gives."""
    carries = _CONTENT
    if packages.is_construct(plain.removeprefix(packages.mark)):
        carries = {"id": packages.id} | ({"scope": packages.scope} if packages.scope else {})
    return Operation(plain, gives=Gives(plain, carries=carries))


def _called(plain: str) -> Callable[[str], Operation | None]:
    carries = _CONTENT | {"before": Argument(("self.arguments",))}
    result = Operation("__call__", gives=Gives(plain + CALLED, keeps=True, carries=carries))
    return lambda name: result if name == "__call__" else None

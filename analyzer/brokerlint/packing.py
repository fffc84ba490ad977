"""Values as bytes and back, for other processes and for the cache.

Only the frozen dataclasses and the enumerations of the modules that were named come out of the bytes again, besides
plain values: whoever writes into a cache can make nothing else happen. Building them from their fields takes half the
time of pickle's own way with frozen dataclasses.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import fields, is_dataclass
from enum import Enum
from types import ModuleType
from typing import Any


class PackingError(Exception):
    """A value that does not consist of the known types, or bytes that are no packed value."""


class Packing:
    """Packs values made of the dataclasses and enumerations that ``modules`` define, tuples, lists, sets, dicts and
    plain values."""

    def __init__(self, *modules: ModuleType) -> None:
        types = [
            value
            for module in modules
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ == module.__name__
        ]
        self._fields: dict[type, tuple[str, ...]] = {}
        for type_ in types:
            if is_dataclass(type_):
                self._fields[type_] = tuple(field.name for field in fields(type_))
            elif issubclass(type_, Enum):
                self._fields[type_] = ("value",)
        self._types = {(type_.__module__, type_.__qualname__): type_ for type_ in self._fields}

    def pack(self, value: object) -> bytes:
        """The bytes of ``value``. Raises `PackingError`; a value nested too deeply raises ``RecursionError``."""
        file = io.BytesIO()
        try:
            _Pickler(file, self._fields).dump(value)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise PackingError(str(error)) from error
        return file.getvalue()

    def unpack(self, data: bytes | memoryview) -> Any:
        """The value that was packed. Raises `PackingError` for any other bytes."""
        try:
            return _Unpickler(io.BytesIO(data), self._types).load()
        except Exception as error:  # hostile bytes may raise anything
            raise PackingError(f"{type(error).__name__}: {error}") from error


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, known: dict[type, tuple[str, ...]]) -> None:
        super().__init__(file, 5)
        self._known = known

    def reducer_override(self, value: Any) -> Any:
        names = self._known.get(type(value))
        if names is not None:
            return type(value), tuple([getattr(value, name) for name in names])
        if isinstance(value, type) and value in self._known:
            return NotImplemented
        raise pickle.PicklingError(f"{type(value).__name__} is not packed")


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, known: dict[tuple[str, str], type]) -> None:
        super().__init__(file)
        self._known = known

    def find_class(self, module: str, name: str) -> type:
        found = self._known.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"{module}.{name} is not unpacked")
        return found

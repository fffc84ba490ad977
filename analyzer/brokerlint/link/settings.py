"""Settings classes: attributes that stand for environment variables or for values of a settings module."""

from __future__ import annotations

from brokerlint.link.annotations import annotated
from brokerlint.link.engine import Engine
from brokerlint.link.inheritance import is_enum
from brokerlint.link.scopes import END, Activation, At
from brokerlint.link.values import ELLIPSIS, ClassValue, Const, EnvVar, Instance, Record, Values
from brokerlint.python import ir

_BASES = frozenset({
    "pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings",
    "pydantic.env_settings.BaseSettings", "pydantic_settings.main.BaseSettings", "environ.config", "goodconf.GoodConf",
})  # fmt: skip


def attribute(ev: Engine, instance: Instance, name: str, order: list[ClassValue], outside: list[str]) -> Values | None:
    """``settings.name`` where the class reads its fields from the environment; None for other classes or names.

    Takes the class's bases of the program (``order``) and outside.
    """
    if not any(path in _BASES for path in outside):
        return None
    given = next((values for key, values in instance.arguments if key == name), None)
    if given is not None and instance.site is not None:
        return given
    for one in order:
        binding = _field(one, name)
        scope = ev.class_body(one)
        if binding is None or scope is None or name in ("model_config", "Config"):
            continue
        at = At(binding.order, binding.block)
        default = () if binding.kind == "declare" else ev.values(binding.value, scope, at)
        if any(isinstance(value, Instance) for value in default):
            return default
        nested = _nested(ev, binding, scope)
        if nested:
            return nested
        names = _aliases(ev, binding, scope, at) or [_prefix(ev, order) + name.upper()]
        shown = tuple(value for value in default_of(default) if value != Const(None)) or None
        return (EnvVar(names[0], shown),)
    return None


def default_of(values: Values) -> Values:
    """A field's default: what ``Field(...)`` was given; the ellipsis means that there is none."""
    return tuple(value for value in values if value != ELLIPSIS)


def _field(cls: ClassValue, name: str) -> ir.Binding | None:
    for binding in cls.definition.body.bindings:
        named = isinstance(binding.target, ir.Name) and binding.target.id == name
        if named and (binding.annotation is not None or binding.kind == "assign"):
            return binding
    return None


def _nested(ev: Engine, binding: ir.Binding, scope: Activation) -> Values:
    """A field whose type is another settings class."""
    if binding.annotation is None:
        return ()
    typed = annotated(ev, binding.annotation, scope)
    return tuple(value for value in typed if isinstance(value, Instance) and not is_enum(ev, value.cls))


def _aliases(ev: Engine, binding: ir.Binding, scope: Activation, at: At) -> list[str]:
    """The variables that ``Field(alias=...)`` names instead."""
    call = binding.value
    if not isinstance(call, ir.Call):
        return []
    for key in ("validation_alias", "alias", "env"):
        given = call.keyword(key)
        if given is None:
            continue
        choices = [given]
        if isinstance(given, ir.Call):
            choices = [argument.value for argument in given.arguments]
        elif isinstance(given, ir.Sequence):
            choices = list(given.items)
        values = [value for choice in choices for value in ev.values(choice, scope, at)]
        found = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, str)]
        if found:
            return found
    return []


def _prefix(ev: Engine, order: list[ClassValue]) -> str:
    """The prefix that ``model_config`` or an inner ``Config`` class sets."""
    for one in order:
        scope = ev.class_body(one)
        if scope is None:
            continue
        config = ev.defined(scope, "model_config", END) or ()
        prefixes = [_text(value.get("env_prefix")) for value in config if isinstance(value, Record)]
        for inner in one.definition.body.classes:
            if inner.name == "Config":
                body = ev.class_body(ClassValue(one.path, inner, inner.qualname, scope))
                prefixes.append(_text(ev.defined(body, "env_prefix", END) if body else None))
        for prefix in prefixes:
            if prefix is not None:
                return prefix.upper()
    return ""


def _text(values: Values | None) -> str | None:
    return next((v.value for v in values or () if isinstance(v, Const) and isinstance(v.value, str)), None)

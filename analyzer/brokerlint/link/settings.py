"""Settings classes: attributes that stand for environment variables or for values of a settings module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokerlint.link.scopes import END, At
from brokerlint.link.values import (
    ClassValue,
    Const,
    EnvVar,
    Instance,
    Record,
    Unknown,
    Values,
)
from brokerlint.python import ir

if TYPE_CHECKING:
    from brokerlint.link.evaluate import Evaluator

_BASES = frozenset({
    "pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings",
    "pydantic.env_settings.BaseSettings", "pydantic_settings.main.BaseSettings", "environ.config", "goodconf.GoodConf",
})  # fmt: skip


def attribute(
    ev: Evaluator, instance: Instance, name: str, order: list[ClassValue], outside: list[str]
) -> Values | None:
    """``settings.name`` where the class reads its fields from the environment; None for other classes or names."""
    if not any(path in _BASES for path in outside):
        return None
    given = next((values for key, values in instance.arguments if key == name), None)
    if given is not None and instance.site is not None:
        return given
    for one in order:
        binding = next(
            (
                b
                for b in one.definition.body.bindings
                if isinstance(b.target, ir.Name) and b.target.id == name and (b.annotation is not None or b.kind == "assign")
            ),
            None,
        )
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
        default = default_of(ev, default)
        aliases = _aliases(ev, binding, scope, at)
        names = aliases or [_prefix(ev, order) + name.upper()]
        shown = tuple(value for value in default if value != Const(None)) or None
        return (EnvVar(names[0], shown),)
    return None


def default_of(ev: Evaluator, values: Values) -> Values:
    """A field's default: what ``Field(...)`` was given; the ellipsis means that there is none."""
    return tuple(value for value in values if not (isinstance(value, Unknown) and "ellipsis" in value.why))


def _nested(ev: Evaluator, binding: ir.Binding, scope: object) -> Values:
    """A field whose type is another settings class."""
    from brokerlint.link import objects
    from brokerlint.link.scopes import Activation

    assert isinstance(scope, Activation)
    if binding.annotation is None:
        return ()
    typed = objects.annotated(ev, binding.annotation, scope)
    return tuple(value for value in typed if isinstance(value, Instance) and not objects.is_enum(ev, value.cls))


def _aliases(ev: Evaluator, binding: ir.Binding, scope: object, at: At) -> list[str]:
    from brokerlint.link.scopes import Activation

    assert isinstance(scope, Activation)
    found: list[str] = []
    call = binding.value
    if isinstance(call, ir.Call):
        for key in ("validation_alias", "alias", "env"):
            given = call.keyword(key)
            if given is None:
                continue
            choices = [given]
            if isinstance(given, ir.Call):
                choices = [argument.value for argument in given.arguments]
            elif isinstance(given, ir.Sequence):
                choices = list(given.items)
            for choice in choices:
                found += [v.value for v in ev.values(choice, scope, at) if isinstance(v, Const) and isinstance(v.value, str)]
            if found:
                return found
    return found


def _prefix(ev: Evaluator, order: list[ClassValue]) -> str:
    """The prefix that ``model_config`` or an inner ``Config`` class sets."""
    for one in order:
        scope = ev.class_body(one)
        if scope is None:
            continue
        config = ev.defined(scope, "model_config", END)
        for value in config or ():
            prefix = _text(value.get("env_prefix")) if isinstance(value, Record) else None
            if prefix is not None:
                return prefix.upper()
        for inner in one.definition.body.classes:
            if inner.name == "Config":
                body = ev.class_body(ClassValue(one.path, inner, inner.qualname, scope))
                value = ev.defined(body, "env_prefix", END) if body else None
                prefix = _text(value)
                if prefix is not None:
                    return prefix.upper()
    return ""


def _text(values: Values | None) -> str | None:
    return next((v.value for v in values or () if isinstance(v, Const) and isinstance(v.value, str)), None)



"""Project-wide settings objects of frameworks: Django's ``settings``, Flask's ``app.config``, oslo.config's ``CONF``.

Their values stand in a module or class that the framework, not an import, connects with the code that reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from brokerlint.link import options, stored
from brokerlint.link.assignments import CONFIGURATIONS
from brokerlint.link.classes import class_attribute
from brokerlint.link.engine import Engine
from brokerlint.link.objects import attribute as plain_attribute
from brokerlint.link.scopes import END, At, Chain, last_name
from brokerlint.link.sites import bodies
from brokerlint.link.values import (
    ClassValue,
    Collection,
    Const,
    EnvVar,
    External,
    ModuleValue,
    Record,
    Template,
    Value,
    Values,
    join,
)
from brokerlint.python import ir

_DJANGO = "django.conf.settings"
_OSLO = ("oslo_config.cfg.CONF", "oslo_config.cfg.ConfigOpts")
_OPTION = re.compile(r"^[A-Z]\w*Opt$|^Opt$")
_CONFIGURATION_CLASS = re.compile(r"config|setting", re.IGNORECASE)
_CONFIGURATION_MODULE = re.compile(r"(^|/)(config|settings|conf)\w*(\.py$|/)")


def attribute(ev: Engine, base: Value, name: str, path: str) -> Values:
    """``base.name`` as read in the file at ``path``: a framework's setting, or a plain attribute."""
    found: Values = ()
    if isinstance(base, External):
        if base.path == _DJANGO and name.isupper():
            found = django(ev, name, path)
        elif base.path == options.NAMESPACE:
            return options.parsed(ev, name, path)
        elif base.path.startswith(_OSLO) and not name.startswith("register"):
            found = oslo(ev, name, base.path.rpartition(".")[2])
    return found or plain_attribute(ev, base, name)


# --- Django -------------------------------------------------------------------------------------------------------


def django(ev: Engine, name: str, path: str) -> Values:
    """A Django setting: the name in the project's settings modules, those around the reading file first."""
    found: list[tuple[str, Values]] = []
    for one in _settings_modules(ev):
        scope = ev.module(one)
        values = ev.defined(scope, name, END) if scope is not None else None
        if values is not None:
            found.append((one, values))
    near = [values for one, values in found if _shares_root(one, path)]
    return join((), *(near or [values for _, values in found]))


def _settings_modules(ev: Engine) -> list[str]:
    nothing: list[str] = []
    return ev.once(("django", "settings"), lambda: list(dict.fromkeys(_named_settings(ev))), nothing)


def _named_settings(ev: Engine) -> Iterator[str]:
    """The modules that ``DJANGO_SETTINGS_MODULE`` is set to, then those with the usual name."""
    for module in ev.program.mentioning("DJANGO_SETTINGS_MODULE"):
        for _, body in bodies(module.body):
            for argument in (argument for site in body.sites for argument in site.call.arguments):
                value = argument.value
                if isinstance(value, ir.Constant) and isinstance(value.value, str) and "." in value.value:
                    target = ev.program.resolve(module.path, value.value)
                    if isinstance(target, ModuleValue):
                        yield target.path
    for path in ev.program.paths:
        if path.endswith(("/settings.py", "/settings/__init__.py")) or path == "settings.py":
            yield path


def _shares_root(settings: str, path: str) -> bool:
    """Do both files lie below one project folder (the one that holds the settings' package)?"""
    folder = settings.removesuffix("/__init__.py").rpartition("/")[0].removesuffix("/settings")
    project = folder.rpartition("/")[0]
    return path.startswith(f"{project}/") if project else True


# --- oslo.config --------------------------------------------------------------------------------------------------


def oslo(ev: Engine, name: str, group: str) -> Values:
    """An oslo.config option: the default of ``StrOpt("name", default=...)``, of files of ``group`` if they have one."""
    key = ("oslo", name, group)
    answers = ev.assignments.answers
    if key in answers:
        return answers[key]
    answers[key] = ()
    found: list[Values] = []
    near: list[Values] = []
    own = False
    for module, chain, site in _declarations(ev, name):
        here = bool(group) and group in module.path
        own = own or here
        default = site.call.keyword("default")
        scope = ev.module(module.path)
        inner = ev.symbolic(scope, chain) if scope and chain else scope
        if default is not None and inner is not None:
            values = ev.values(default, inner, At(site.order, site.block))
            found.append(values)
            if here:
                near.append(values)
    known = join((), *(near if own else found))
    answers[key] = known or tuple(Const(value) for value in ev.files.setting(group, name))
    return answers[key]


def _declarations(ev: Engine, name: str) -> Iterator[tuple[ir.Module, Chain, ir.Site]]:
    """The calls that declare the option ``name``."""
    for quoted in (f"'{name}'", f'"{name}"'):
        for module in ev.program.mentioning(quoted):
            for chain, body in bodies(module.body):
                for site in body.sites:
                    first = site.call.position(0) or site.call.keyword("name")
                    if _OPTION.match(last_name(site.call.function)) and first == ir.Constant(name):
                        yield module, chain, site


# --- Flask and its like -------------------------------------------------------------------------------------------


def configured(ev: Engine, container: ir.Expr, keys: Values) -> Values:
    """``app.config["ORDERS_QUEUE"]``: the key in a configuration class or module, or stored into any ``.config``."""
    if last_name(container) not in CONFIGURATIONS:
        return ()
    texts = [key.value for key in keys if isinstance(key, Const) and isinstance(key.value, str)]
    wanted = [text for text in texts if text.isupper()]
    if not wanted or len(wanted) < len(keys):
        return ()
    key = ("config", tuple(wanted))
    answers = ev.assignments.answers
    if key in answers:
        return answers[key]
    answers[key] = ()
    found = [values for name in wanted for values in (*_written(ev, name), *_put(ev, name))]
    names = {Const(text) for text in wanted}  # ``TOPIC = "TOPIC"`` names a key, it is no setting
    answers[key] = tuple(
        value
        for value in join((), *found)
        if isinstance(value, (Const, EnvVar, Template, Collection, Record)) and value not in names
    )
    return answers[key]


def _written(ev: Engine, name: str) -> list[Values]:
    """What configuration classes and modules bind ``name`` to."""
    found: list[Values] = []
    for module in ev.program.mentioning(name):
        scope = ev.module(module.path)
        if scope is None:
            continue
        for cls in module.body.classes:
            binds = any(binding.target == ir.Name(name) for binding in cls.body.bindings)
            if binds and _CONFIGURATION_CLASS.search(cls.name):
                found.append(class_attribute(ev, ClassValue(module.path, cls, cls.qualname), name))
        if _CONFIGURATION_MODULE.search(module.path):
            found.append(ev.defined(scope, name, END) or ())
    return found


def _put(ev: Engine, name: str) -> list[Values]:
    """What is stored under ``name`` in any ``.config``."""
    found: list[Values] = []
    for one in stored.under(ev, name):
        target = one.binding.target
        if isinstance(target, ir.Subscript) and last_name(target.value) in CONFIGURATIONS:
            found.append(stored.value_of(ev, one, one.binding.value))
    return found

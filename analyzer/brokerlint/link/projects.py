"""Project-wide settings objects of frameworks: Django's ``settings``, Flask's ``app.config``, oslo.config's ``CONF``.

Their values stand in a module or class that the framework, not an import, connects with the code that reads them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from brokerlint.link import objects, options
from brokerlint.link.scopes import END, At
from brokerlint.link.sites import bodies, last_name
from brokerlint.link.values import ClassValue, Collection, Const, EnvVar, External, ModuleValue, Record, Template, Value, Values, join
from brokerlint.python import ir

if TYPE_CHECKING:
    from brokerlint.link.evaluate import Evaluator

_DJANGO = "django.conf.settings"
_OSLO = ("oslo_config.cfg.CONF", "oslo_config.cfg.ConfigOpts")
_OPTION = re.compile(r"^[A-Z]\w*Opt$|^Opt$")


def attribute(ev: Evaluator, base: Value, name: str, path: str) -> Values:
    """``base.name`` as read in the file at ``path``: a framework's setting, or a plain attribute."""
    if isinstance(base, External):
        if base.path == _DJANGO and name.isupper():
            found = django(ev, name, path)
            if found:
                return found
        elif base.path == options.NAMESPACE:
            return options.parsed(ev, name, path)
        elif base.path.startswith(_OSLO) and not name.startswith("register"):
            found = oslo(ev, name, base.path.rpartition(".")[2])
            if found:
                return found
    return objects.attribute(ev, base, name)


def django(ev: Evaluator, name: str, path: str) -> Values:
    """A Django setting: the name in the project's settings modules, those around the reading file first."""
    modules = [one for one in _settings_modules(ev) if ev.module(one) is not None]
    near = [one for one in modules if _shares_root(ev, one, path)] or modules
    found: list[Values] = []
    for one in near:
        scope = ev.module(one)
        values = ev.defined(scope, name, END) if scope is not None else None
        if values is not None:
            found.append(values)
    return join((), *found)


def _settings_modules(ev: Evaluator) -> list[str]:
    key = ("django", "settings")
    cached = ev.texts.get(key)
    if cached is None:
        found: dict[str, None] = {}
        for module in ev.program.mentioning("DJANGO_SETTINGS_MODULE"):
            for _, body in bodies(module.body):
                for site in body.sites:
                    for argument in site.call.arguments:
                        value = argument.value
                        if isinstance(value, ir.Constant) and isinstance(value.value, str) and "." in value.value:
                            target = ev.program.resolve(module.path, value.value)
                            if isinstance(target, ModuleValue):
                                found.setdefault(target.path)
        for path in ev.program.paths:
            if path.endswith(("/settings.py", "/settings/__init__.py")) or path == "settings.py":
                found.setdefault(path)
        cached = ev.texts[key] = list(found)
    return cached


def _shares_root(ev: Evaluator, settings: str, path: str) -> bool:
    """Do both files lie below one project folder (the one that holds the settings' package)?"""
    folder = settings.removesuffix("/__init__.py").rpartition("/")[0]
    project = folder.rpartition("/")[0]
    return path.startswith(f"{project}/") if project else True


def oslo(ev: Evaluator, name: str, group: str) -> Values:
    """An oslo.config option: the default of ``StrOpt("name", default=...)``."""
    key = ("oslo", name, group)
    if key in ev.stores.answers:
        return ev.stores.answers[key]
    ev.stores.answers[key] = ()
    found: list[Values] = []
    near: list[Values] = []
    own = False
    for quoted in (f"'{name}'", f'"{name}"'):
        for module in ev.program.mentioning(quoted):
            for chain, body in bodies(module.body):
                for site in body.sites:
                    call = site.call
                    first = call.position(0) or call.keyword("name")
                    if not _OPTION.match(last_name(call.function)) or first != ir.Constant(name):
                        continue
                    own = own or (bool(group) and group in module.path)
                    default = call.keyword("default")
                    scope = ev.module(module.path)
                    inner = ev.symbolic(scope, chain) if scope and chain else scope
                    if default is not None and inner is not None:
                        values = ev.values(default, inner, At(site.order, site.block))
                        found.append(values)
                        if group and group in module.path:
                            near.append(values)
    settled = join((), *(near if own else found)) or tuple(Const(value) for value in ev.files.setting(group, name))
    ev.stores.answers[key] = settled
    return settled


def configured(ev: Evaluator, container: ir.Expr, keys: Values) -> Values:
    """``app.config["ORDERS_QUEUE"]``: the key in a configuration class or module, or stored into any ``.config``."""
    if last_name(container) not in ("config", "conf", "settings"):
        return ()
    wanted = [key.value for key in keys if isinstance(key, Const) and isinstance(key.value, str) and key.value.isupper()]
    if not wanted or len(wanted) < len(keys):
        return ()
    key = ("config", tuple(wanted))
    if key in ev.stores.answers:
        return ev.stores.answers[key]
    ev.stores.answers[key] = ()
    found: list[Values] = []
    for name in wanted:
        for module in ev.program.mentioning(str(name)):
            scope = ev.module(module.path)
            if scope is None:
                continue
            for cls in module.body.classes:
                if re.search(r"config|setting", cls.name, re.I) and any(b.target == ir.Name(str(name)) for b in cls.body.bindings):
                    found.append(objects.class_attribute(ev, ClassValue(module.path, cls, cls.qualname), str(name)))
            if re.search(r"(^|/)(config|settings|conf)\w*(\.py$|/)", module.path):
                values = ev.defined(scope, str(name), END)
                found.append(values or ())
        for path, chain, binding in ev.stores.under(ev, name):
            target = binding.target
            if isinstance(target, ir.Subscript) and last_name(target.value) in ("config", "conf", "settings"):
                scope = ev.module(path)
                inner = ev.symbolic(scope, chain) if scope and chain else scope
                if inner is not None:
                    found.append(ev.values(binding.value, inner, At(binding.order, binding.block)))
    ev.stores.answers[key] = tuple(
        value for value in join((), *found) if isinstance(value, (Const, EnvVar, Template, Collection, Record))
    )
    return ev.stores.answers[key]

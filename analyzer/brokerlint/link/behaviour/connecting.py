"""How a client is made: where, with which credentials and timeouts."""

from __future__ import annotations

from typing import Any

from brokerlint.link.behaviour import context, payload
from brokerlint.link.behaviour.clients import Identity
from brokerlint.link.behaviour.configuration import is_placeholder
from brokerlint.link.behaviour.entry import Entries
from brokerlint.link.callers import Callers
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.inheritance import mro
from brokerlint.link.scopes import last_name
from brokerlint.link.sites import CallSite, bodies
from brokerlint.link.values import ClassValue, Const, EnvVar, Values
from brokerlint.places import Place
from brokerlint.python import ir

_MAKERS = frozenset(
    {
        "__init__",
        "__new__",
        "__post_init__",
        "setup",
        "on_start",
        "startup",
        "lifespan",
        "configure",
        "init_app",
        "create_app",
        "connect",
    }
)
_CACHES = frozenset({"lru_cache", "cache", "cached_property", "singleton", "memoize", "cached", "cache_resource"})
_HANDLED = frozenset({"http", "lambda-handler", "consumer-handler"})
_SECRET_KEYS = ("aws_secret_access_key", "aws_session_token")


def construction(ev: Evaluator, identity: Identity | None) -> CallSite | None:
    """The call that makes a client."""
    if identity is None or identity.site is None:
        return None
    place = identity.site
    question = ("construction", place, identity.model)  # of a client that may have thousands of uses
    return ev.once(question, lambda: _construction(ev, identity, place), None)


def _construction(ev: Evaluator, identity: Identity, place: Place) -> CallSite | None:
    module = ev.program.module(place.path)
    if module is None:
        return None
    found = [
        CallSite(module, chain, site)
        for chain, body in bodies(module.body)
        for site in body.sites
        if (site.call.line, site.call.end_line) == (place.line, place.last) and _makes(site, identity)
    ]
    # The outermost of nested calls is read last.
    return max(found, key=lambda here: here.site.order, default=None)


def _makes(site: ir.Site, identity: Identity | None) -> bool:
    """Of several calls on the same lines: the one that gives the client, not one inside its arguments."""
    name = last_name(site.call.function)
    last = identity.model.rpartition(".")[2] if identity is not None else ""
    return (
        name in ("client", "resource", "create_client", "get_queue_by_name", "Queue", "Topic", "create_queue")
        or name == last
        or not last.isalpha()
        or (name[:1].isupper())
    )


def client_scope(ev: Evaluator, made: CallSite | None, entries: Entries, callers: Callers, height: int = 0) -> str:
    """Where a client is built: ``module`` (or cached), ``init``, ``loop``, ``handler``, ``function``; or ""."""
    if made is None:
        return ""
    if _is_single(ev, made):
        return "module"
    body, site = made.body, made.site
    function = made.chain[-1] if made.chain else None
    if context.loops(body, site.block) and not _tries_again(body, site):
        return "loop"
    if function is None or all(isinstance(one, ir.Class) for one in made.chain):
        return "module"
    if any(last_name(one.function if isinstance(one, ir.Call) else one) in _CACHES for one in function.decorators):
        return "module"
    bound = [binding.target for binding in context.assigned_to(body, site.call)]
    if any(isinstance(target, ir.Name) and target.id in body.outer for target in bound):
        return "module"
    if function.name in _MAKERS or any(isinstance(target, (ir.Attribute, ir.Subscript)) for target in bound):
        return "init"
    if any(entries.own(made.module.path, made.chain[:depth]) in _HANDLED for depth in range(1, len(made.chain) + 1)):
        return "handler"
    if (site.use == "returned" or _is_returned(body, bound)) and height < 2:
        steps = [step for step in callers.into(made.module.path, made.chain) if step.how == "call"][:6]
        above = {client_scope(ev, step.here, entries, callers, height + 1) for step in steps if callers.certain(step)}
        if len(above) == 1:
            return above.pop()
        if above:
            return "init" if above <= {"module", "init"} else ""
    return "function"


def _is_single(ev: Evaluator, made: CallSite) -> bool:
    """Does the call make an object of a class that keeps one: by its metaclass, or in ``__new__``?"""
    scope = ev.around(made.module.path, made.chain)
    values = ev.values(made.site.call.function, scope, made.at) if scope is not None else ()
    return any(
        _keeps_one(one.definition) for value in values if isinstance(value, ClassValue) for one in mro(ev, value)[0]
    )


def _keeps_one(cls: ir.Class) -> bool:
    named = any(a.keyword == "metaclass" and "singleton" in last_name(a.value).lower() for a in cls.keywords)
    new = next((function for function in cls.body.functions if function.name == "__new__"), None)
    return named or (new is not None and any(isinstance(one.target, ir.Attribute) for one in new.body.bindings))


def _tries_again(body: ir.Body, site: ir.Site) -> bool:
    """Does the loop around the call end as soon as the call has succeeded? Then it only waits for the broker."""
    own = body.blocks[site.block] if site.block >= 0 else None
    return own is not None and any(
        one.kind in ("return", "break") and one.block == site.block and one.order > site.order for one in body.exits
    )


def _is_returned(body: ir.Body, bound: list[ir.Expr]) -> bool:
    """Is what the client is bound to given back, alone or with other things?"""
    named = {target.id for target in bound if isinstance(target, ir.Name)}
    given = [one.value for one in body.exits if one.kind == "return"]
    parts = [part for one in given for part in (one.items if isinstance(one, ir.Sequence) else (one,))]
    return any(isinstance(part, ir.Name) and part.id in named for part in parts)


def credentials(
    ev: Evaluator, made: CallSite | None, scope: Any, config: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Secrets that are written in the code; their values are not kept."""
    found = []
    place = made.place if made is not None else Place("", 0)
    for key, setting in config.items():
        if setting.get("hidden") and setting["origin"] == "literal" and not setting.get("placeholder"):
            found.append({"key": key, "place": place})
    if made is not None and scope is not None:
        for key in _SECRET_KEYS:
            expr = made.site.call.keyword(key)
            for value in ev.values(expr, scope, made.at) if expr is not None else ():
                if isinstance(value, Const) and isinstance(value.value, str) and not is_placeholder(value.value):
                    found.append({"key": key, "place": place})
                    break
    return found


def aws_settings(made: CallSite | None) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Of an AWS client's construction: settings (``verify_tls``, ``use_ssl``, ``endpoint``) and timeouts as facts."""
    if made is None or last_name(made.site.call.function) not in ("client", "resource", "create_client"):
        return {}, {}
    call = made.site.call
    settings: dict[str, dict[str, Any]] = {}
    for keyword, name in (("verify", "verify_tls"), ("use_ssl", "use_ssl"), ("endpoint_url", "endpoint")):
        value = call.keyword(keyword)
        if isinstance(value, ir.Constant) and value.value is not None:
            settings[name] = {"value": value.value, "origin": "literal"}
    if any(argument.star for argument in call.arguments):
        return settings, {}
    config = payload.inlined(made.body, call.keyword("config"), made.at)
    if config is None or config == ir.Constant(None):
        return settings, {"client_read_timeout": None}
    written = isinstance(config, ir.Call) and "Config" in last_name(config.function)
    if not isinstance(config, ir.Call) or not written or any(argument.star for argument in config.arguments):
        return settings, {}
    timeout = config.keyword("read_timeout")
    if timeout is None:
        return settings, {"client_read_timeout": None}
    if isinstance(timeout, ir.Constant) and isinstance(timeout.value, (int, float)):
        return settings, {"client_read_timeout": int(timeout.value)}
    return settings, {}


def group_varies(made: CallSite | None, group: Values) -> bool | None:
    """Has the consumer group's name a part that differs at each start? None when that can't be told."""
    if group and all(isinstance(value, (Const, EnvVar)) for value in group):
        return False
    if made is None:
        return None
    for expr in _group_names(made):
        written = payload.inlined(made.module.body, payload.inlined(made.body, expr, made.at), payload.END)
        if payload.key_of(written, False, ())["kind"] == "random":
            return True
    return None


def _group_names(made: CallSite) -> list[ir.Expr]:
    """The expressions that name the group where a client is made."""
    found = [argument.value for argument in made.site.call.arguments if argument.keyword in ("group_id", "group")]
    for argument in made.site.call.arguments:
        whole = payload.inlined(made.module.body, payload.inlined(made.body, argument.value, made.at), payload.END)
        if isinstance(whole, ir.Mapping):
            found += [value for key, value in whole.entries if key == ir.Constant("group.id")]
    return found

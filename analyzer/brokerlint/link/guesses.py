"""The one inference that goes by a name: a method that only one class of the program has.

Objects that a container or framework hands out can't always be followed. A call ``x.add_uuids(...)`` on such an
object is taken to mean the only class with a method of that name, if its arguments fit. A name that every second
library uses (``send``, ``publish``) is not enough; there the receiver must be called like the class, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from brokerlint.link import objects
from brokerlint.link.scopes import last_name
from brokerlint.link.sites import bodies
from brokerlint.link.values import ClassValue
from brokerlint.python import ir

if TYPE_CHECKING:
    from brokerlint.link.evaluate import Evaluator

_COMMON = frozenset(
    "get set put add pop push run call send emit read write save load start stop close open publish subscribe consume "
    "produce handle process execute update delete create append insert remove submit dispatch notify log info error "
    "receive poll flush commit enqueue register send_message send_messages receive_messages delete_message "
    "publish_message send_email connect invoke apply".split()
)


def only_method(ev: Evaluator, cls: ClassValue, method: ir.Function, call: ir.Call) -> bool:
    """Can ``call``, on an object that is not known, only mean ``method`` of ``cls``?"""
    if not _fits(method, call) or method.name.startswith("__"):
        return False
    like = _called_like(ev, cls, call)
    if not like and (method.name in _COMMON or len(method.name) < 5):
        return False
    family = {one.definition for one in (*objects.mro(ev, cls)[0], *objects.subclasses(ev, cls))}
    key = ("definers", method.name)
    definers = ev.answers.get(key)
    if definers is None:
        defining = ev.program.defining(method.name)
        if not defining:
            return False  # so many classes have one that nothing tells them apart
        definers = ev.answers[key] = [
            chain[-1]
            for module in defining
            for chain, body in bodies(module.body)
            if chain and isinstance(chain[-1], ir.Class)
            if any(f.name == method.name and not objects.is_abstract(f) for f in body.functions)
        ]
    others = [one for one in definers if not any(one is member for member in family)]
    return not [one for one in others if not like or _alike(call, [one.name])]


def _fits(method: ir.Function, call: ir.Call) -> bool:
    names = {p.name for p in method.parameters}
    open_keywords = any(p.kind == "**" for p in method.parameters)
    open_positions = any(p.kind == "*" for p in method.parameters)
    plain = [p for p in method.parameters if p.kind == ""][1:]
    given = [a for a in call.arguments if a.keyword is None and not a.star]
    if len(given) > len(plain) and not open_positions:
        return False
    if any(a.keyword is not None and a.keyword not in names and not open_keywords for a in call.arguments):
        return False
    starred = any(a.star for a in call.arguments)
    required = [p for p in plain if p.default is None][len(given) :]
    keywords = {a.keyword for a in call.arguments}
    return starred or all(p.name in keywords for p in required)


def _called_like(ev: Evaluator, cls: ClassValue, call: ir.Call) -> bool:
    """Is the receiver called like the class or one of its bases (``task.run()`` for ``EnqueueTask``)?"""
    return _alike(call, [one.definition.name for one in objects.mro(ev, cls)[0]])


def _alike(call: ir.Call, names: list[str]) -> bool:
    receiver = call.function.value if isinstance(call.function, ir.Attribute) else None
    if isinstance(receiver, ir.Call):
        receiver = receiver.function
    word = re.sub(r"[^a-z]", "", last_name(receiver).lower()) if receiver is not None else ""
    return len(word) >= 4 and any(word in name.lower() or name.lower() in word for name in names)

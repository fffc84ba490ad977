"""Which file of the tree holds the handler of a Lambda function?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable

from brokerlint.manifests.facts import ServiceFact

_GENERIC = frozenset("app handler handlers index lambda lambda_function lambda_handler main function service".split())
_ANYBODY_S = frozenset(
    "handler lambda_handler handle handle_event main run process index app entrypoint execute".split()
)

_A_FUNCTION = frozenset("lambda function handler this main default src app python code".split())
_SHORTEST = 4
"""Letters of a name that can tell whose code a file is."""
_BRACKETS = rb"\[[^()\[\]]*(?:\[[^()\[\]]*\][^()\[\]]*)*\]"
HANDLER = re.compile(
    rb"^def[ \t]+(\w+)\(\s*_{0,2}event\b(?:[^,()\[\]]|" + _BRACKETS + rb")*,"
    rb"\s*(?:_{0,2}\w*context|ctx|_{1,2}|unused\w*)\b",
    re.M,
)
"""A function that a Lambda calls: ``def anything(event, context)``."""


def handler_files(fact: ServiceFact, paths: Collection[str], text: Callable[[str], bytes]) -> list[str]:
    """The file of a handler such as ``src/app.handler``, at most one. ``text`` gives a file's bytes.

    It stands under the function's code, is that code, or stands beside its archive; else it is the only one of its
    name below the stack's folder. Code that is packed elsewhere (a built archive, an object in a bucket) may stand
    anywhere in the tree.
    """
    module, _, function = fact.handler.rpartition(".")
    module = module.replace(".", "/")
    if not module:
        return []
    packed = [posixpath.dirname(root) for root in fact.roots if root.endswith((".zip", ".py"))]
    whole = () if any(not root.endswith(".zip") for root in fact.roots) else ("",)
    for root in (*fact.roots, *packed, *whole):
        for candidate in (f"{module}.py", f"{module}/__init__.py"):
            path = posixpath.normpath(posixpath.join(root, candidate))
            if path in paths:
                return [path]
    tails = [path for path in paths if f"/{path}".endswith(f"/{module}.py")]
    near = [path for path in tails if any(_below(path, root.rstrip("/")) for root in fact.roots if root)]
    if len(near) == 1 or (near and len(tails) == 1):
        return near[:1]
    beside = [path for path in tails if _below(path, posixpath.dirname(fact.place.path))]
    if len(beside) == 1:
        return beside
    return [] if near or beside else _packed(fact, tails, function, text)


def _packed(fact: ServiceFact, tails: Iterable[str], function: str, text: Callable[[str], bytes]) -> list[str]:
    """The only file of the tree with that module and function. Names that many programs give to both tell nothing
    unless the function or its archive is called like a folder around the file."""
    if not str(fact.properties.get("runtime", "python")).startswith("python"):
        return []
    defined = re.compile(rb"^(?:async )?(?:def %(name)s\b|%(name)s *=)" % {b"name": function.encode()}, re.M)
    found = [path for path in tails if defined.search(text(path))]
    anybody_s = function in _ANYBODY_S and all(posixpath.basename(path)[:-3] in _GENERIC for path in found)
    if len(found) == 1 and (fact.image or not anybody_s):  # an image is built beside the code
        return found
    archives = [posixpath.basename(root).partition(".")[0] for root in fact.roots if root.endswith(".zip")]
    names = {_plain(name) for name in (fact.name, *archives)}
    named = [path for path in found if names & {_plain(part) for part in path.split("/")[:-1]}]
    return named if len(named) == 1 else []


def untold_handler(fact: ServiceFact, paths: Iterable[str], text: Callable[[str], bytes]) -> str:
    """The handler of a function of which neither code nor handler is told, as one whose image is built elsewhere: that
    of the only file with one that is called like the function, or lies in a folder called so. Empty for several."""
    if fact.platform != "lambda" or fact.handler or fact.roots or fact.command:
        return ""
    if not str(fact.properties.get("runtime", "python")).startswith("python"):
        return ""
    name = _own(fact.name)
    if len(name) < _SHORTEST:
        return ""
    found: list[str] = []
    for path in paths:
        stem, folder = path.removesuffix(".py"), posixpath.dirname(path)
        if name not in (_own(posixpath.basename(stem)), _own(posixpath.basename(folder))):
            continue
        functions = [match[1].decode("ascii") for match in HANDLER.finditer(text(path))]
        known = [function for function in functions if function in _ANYBODY_S] or functions
        if len(known) == 1:
            found.append(f"{stem}.{known[0]}")
    return found[0] if len(found) == 1 else ""


def _own(name: str) -> str:
    """What is left of a name without the words that only say that it is a function's."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    return "".join(word.lower() for word in words if word.lower() not in _A_FUNCTION)


def _below(path: str, folder: str) -> bool:
    return path.startswith(folder + "/") if folder else True


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())

"""Which files does a file bring in? A cheap import graph, good enough to say which entry points reach a module.

It reads import statements from the text, without a parse, and takes texts that name a module of the program (Django's
``INSTALLED_APPS``, ``include("shop.urls")``, ``uvicorn.run("app:app")``) as imports too, and so the operations that an
OpenAPI document names for Connexion (``operationId: api.orders.create``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from brokerlint.link.handlers import HANDLER
from brokerlint.link.program import Program, shared_folders
from brokerlint.link.values import ModuleValue

_IMPORT = re.compile(rb"^[ \t]*import[ \t]+([\w. \t,]+)", re.M)
_FROM = re.compile(rb"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\((?:[^)]*)\)|[^\n;#]+)", re.M)
_TEXT = re.compile(rb"[\"']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?::\w+)?[\"']")
_MAIN = re.compile(rb"^if[ \t]*\(?[ \t]*__name__[ \t]*==[ \t]*[\"']__main__[\"']", re.M)
_SITE = re.compile(rb"""^(?:ROOT_URLCONF|[WA]SGI_APPLICATION)\s*=\s*["']([\w.]+)["']""", re.MULTILINE)
_DISCOVERS = re.compile(rb"\bautodiscover\b")
_DISCOVERS_TASKS = re.compile(rb"\bautodiscover_tasks\b")
_RELATED = re.compile(rb"\brelated_name[ \t]*=[ \t]*(?:[\"'](\w+)[\"'])?")
_DYNAMIC = re.compile(rb"(?:import_module|__import__)\((?!\s*[\"'][\w.]*[\"']\s*[,)])")
"""An import of which the code does not say what it brings in."""
_TEMPLATE = re.compile(rb"(?:import_module|__import__)\(\s*f?[\"']([\w.{}%]{1,99})[\"']")
_HOLE = re.compile(r"\{[^{}]*\}|%s")
_CONNEXION = re.compile(rb"^[ \t]*(?:import|from)[ \t]+connexion\b", re.M)
_OPERATION = re.compile(
    rb"(?:operationId|x-(?:openapi|swagger)-router-controller)[\"']?[ \t]*:[ \t]*[\"']?"
    rb"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)"
)
_SPECIFICATION = re.compile(r"(?:openapi|swagger|spec|api)[^/]*\.(?:ya?ml|json)\Z", re.IGNORECASE)
_WORD = re.compile(rb"[\"']([A-Za-z_]\w{3,})[\"']")
_INSTALLED = re.compile(rb"^\w*_APPS\b[ \t]*(?::[^=\n]*)?\+?=[ \t]*[\[(]([^\])]*)[\])]", re.M)
_APP = re.compile(rb"[\"']([A-Za-z_]\w*)[\"']")
_COMMENT = re.compile(rb"#[^\n]*")
_ON_PATH = re.compile(rb"^[ \t]*sys\.path\.(?:insert|append)\([^\n]*?[\"']([\w./-]+)[\"'][^\n\"']*$", re.M)
_APP_PARTS = (
    "apps",
    "models",
    "views",
    "urls",
    "tasks",
    "signals",
    "admin",
    "consumers",
    "receivers",
    "api",
    "handlers",
)
_LOADED_PARTS = ("apps", "models", "tasks", "signals", "receivers", "handlers")
"""What every process of a Django site loads of its applications, itself or because they say so when they are ready."""
_REQUEST_PARTS = ("admin",)
"""What is loaded everywhere, but does something on requests only."""


def folders_on_path(paths: Iterable[str], text: Callable[[str], bytes], changing: Iterable[str]) -> frozenset[str]:
    """The folders that the files in ``changing`` put on ``sys.path``, as far as the call's last text names them."""
    named = {match[1].decode("ascii").strip("./") for path in changing for match in _ON_PATH.finditer(text(path))}
    folders = {path.rpartition("/")[0] for path in paths}
    return frozenset(f for f in folders if any(name and f"/{f}".endswith(f"/{name}") for name in named))


class Imports:
    """The import graph of a program, computed file by file when asked. ``text`` gives a file's bytes, ``paths`` are all
    files of the tree."""

    def __init__(self, program: Program, text: Callable[[str], bytes], paths: Iterable[str] = ()) -> None:
        self._program = program
        self.text = text
        self._specifications = tuple(path for path in paths if _SPECIFICATION.search(path))
        self._direct: dict[str, frozenset[str]] = {}
        self._served: dict[str, frozenset[str]] = {}
        self._sites: dict[str, frozenset[str]] = {}
        self._paths = frozenset(program.paths)

    def direct(self, path: str) -> frozenset[str]:
        """The files that ``path`` imports itself, with the packages around them."""
        found = self._direct.get(path)
        if found is None:
            found = self._direct[path] = frozenset(self._read(path))
        return found

    def users(self, path: str) -> Callable[[str], bool]:
        """Tells of a file whether it can know the functions of ``path``: it is that file, imports it, or imports one
        that does."""

        def knows(other: str) -> bool:
            if other == path:
                return True
            direct = self.direct(other)
            return path in direct or any(path in self.direct(one) for one in direct)

        return knows

    def loading(self, paths: Iterable[str]) -> frozenset[str]:
        """The files that load one of ``paths`` when they run, themselves or over any number of others."""
        users: dict[str, list[str]] = {}
        for path in self._program.paths:
            for one in self.direct(path):
                users.setdefault(one, []).append(path)
        found: set[str] = set()
        waiting = list(paths)
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting.extend(users.get(path, ()))
        return frozenset(found)

    def is_script(self, path: str) -> bool:
        """Does the file run code when it is started?"""
        return path.endswith("/__main__.py") or _MAIN.search(self.text(path)) is not None

    def is_handler(self, path: str) -> bool:
        """Does the file hold a function that a Lambda calls: ``def anything(event, context)``?"""
        return HANDLER.search(self.text(path)) is not None

    def closure(self, entries: Iterable[str], serving: bool = True) -> frozenset[str]:
        """Every file that is loaded when ``entries`` run; unless they are ``serving``, without the operations of
        OpenAPI documents and the addresses of a Django site, which nobody then calls."""
        entries = [entry for entry in entries if entry in self._paths]
        loaded = self._loaded(entries, serving, frozenset())
        if serving:
            return loaded
        sites = frozenset[str]().union(*map(self._site_of, loaded))
        return self._loaded(entries, serving, sites) if sites else loaded

    def _loaded(self, entries: Iterable[str], serving: bool, without: frozenset[str]) -> frozenset[str]:
        seen: set[str] = set()
        waiting = list(entries)
        while waiting:
            path = waiting.pop()
            if path not in seen:
                seen.add(path)
                waiting.extend(self.direct(path) - without - seen)
                waiting.extend(self._operations_of(path) - seen if serving else ())
        return frozenset(seen)

    def _read(self, path: str) -> set[str]:
        data = self.text(path)
        found: set[str] = set()
        for match in _IMPORT.finditer(data):
            for part in match[1].split(b","):
                words = part.split()
                if words:
                    self._module(path, words[0].decode("ascii", "replace"), 0, found)
        for match in _FROM.finditer(data):
            module, level = match[2].decode("ascii", "replace"), len(match[1])
            target = self._module(path, module, level, found)
            if target is None:
                continue
            names = _COMMENT.sub(b"", match[3]).strip(b"() \t\r\n").split(b",")
            for name in names:
                words = name.split()
                child = self._program.child(target, words[0].decode("ascii", "replace")) if words else None
                if child is not None and self._program.is_package(target):
                    self._take(child.path, found)
        for match in _TEXT.finditer(data):
            self._named(path, match[1].decode("ascii"), found)
        for part in ("", *_LOADED_PARTS, *_REQUEST_PARTS) if b"INSTALLED_APPS" in data else ():
            self._installed(path, part, found)
        if _DYNAMIC.search(data):
            self._loaded_by_name(data, found)
        if _DISCOVERS.search(data):
            found.update(self._below(path))
        if _DISCOVERS_TASKS.search(data):
            found.update(self._tasks_below(path, data))
        found.discard(path)
        return found

    def _below(self, path: str) -> Iterator[str]:
        """The files in the folder of one, and in those inside it."""
        folder = path.rpartition("/")[0]
        return (p for p in self._program.paths if not folder or p.startswith(folder + "/"))

    def _tasks_below(self, path: str, data: bytes) -> Iterator[str]:
        """What Celery loads of the packages around an application: their modules of one name, ``tasks`` unless the
        call says another; all of them where it says that the packages themselves hold the tasks."""
        names = {match[1].decode("ascii") if match[1] else "" for match in _RELATED.finditer(data)} or {"tasks"}
        if "" in names:
            return self._below(path)
        return (p for p in self._below(path) if names & {part.removesuffix(".py") for part in p.split("/")[-2:]})

    def _installed(self, path: str, part: str, found: set[str]) -> None:
        """A module of each application that Django settings list by a plain name, or ("") the application itself."""
        data = self.text(path)
        for listed in _INSTALLED.finditer(data) if b"INSTALLED_APPS" in data else ():
            for match in _APP.finditer(_COMMENT.sub(b"", listed[1])):
                target = self._program.resolve(path, match[1].decode("ascii"))
                if isinstance(target, ModuleValue) and self._program.is_package(target.path):
                    child = self._program.child(target.path, part) if part else target
                    if child is not None:
                        self._take(child.path, found)

    def _site_of(self, path: str) -> frozenset[str]:
        """The modules that Django settings name for requests: what addresses lead to, and the application."""
        known = self._sites.get(path)
        if known is None:
            found: set[str] = set()
            for match in _SITE.finditer(self.text(path)):
                self._named(path, match[1].decode("ascii"), found)
            for part in _REQUEST_PARTS:
                self._installed(path, part, found)
            known = self._sites[path] = frozenset(one for one in found if not one.endswith("/__init__.py"))
        return known

    def _operations_of(self, path: str) -> frozenset[str]:
        """What the closest OpenAPI documents name, of a file that hands them to Connexion: the modules of functions."""
        known = self._served.get(path)
        if known is None:
            found: set[str] = set()
            data = self.text(path)
            if b".add_api(" in data and _CONNEXION.search(data):
                near = max((shared_folders(one, path) for one in self._specifications), default=0)
                for one in self._specifications:
                    for operation in dict.fromkeys(_OPERATION.findall(self.text(one))):
                        if shared_folders(one, path) == near:
                            self._named(path, operation.decode("ascii"), found)
            known = self._served[path] = frozenset(found - {path})
        return known

    def _loaded_by_name(self, data: bytes, found: set[str]) -> None:
        """A file that imports by name may load any module of the packages it imports, and those that its texts name."""
        folders = [path.removesuffix("__init__.py") for path in found if path.endswith("/__init__.py")]
        found.update(p for p in self._program.paths if any(p.startswith(f) and "/" not in p[len(f) :] for f in folders))
        for match in _TEMPLATE.finditer(data):
            parts = [re.escape(part).replace(r"\.", "/") for part in _HOLE.split(match[1].decode("ascii"))]
            loaded = re.compile(rf"(?:.*/)?{'[^/]+'.join(parts)}(?:/__init__)?\.py")
            telling = len(parts) > 1 and len("".join(parts)) > 1
            found.update(path for path in self._program.paths if telling and loaded.fullmatch(path))
        for match in _WORD.finditer(data):
            named = self._program.called(match[1].decode("ascii"))
            if len(named) == 1:
                self._take(named[0], found)

    def _module(self, path: str, dotted: str, level: int, found: set[str]) -> str | None:
        target = self._program.resolve(path, dotted, level)
        if not isinstance(target, ModuleValue):
            # ``import a.b`` may name a package of which only ``a`` is here.
            return None
        self._take(target.path, found)
        return target.path

    def _named(self, path: str, dotted: str, found: set[str]) -> None:
        """A module, or a thing in a module, named in a text."""
        for name in (dotted, dotted.rpartition(".")[0]):
            if name.count(".") < 1 and name != dotted:
                continue
            target = self._program.resolve(path, name)
            if isinstance(target, ModuleValue):
                self._take(target.path, found)
                if self._program.is_package(target.path):
                    for part in _APP_PARTS:
                        child = self._program.child(target.path, part)
                        if child is not None:
                            self._take(child.path, found)
                return

    def _take(self, path: str, found: set[str]) -> None:
        if path in self._paths:
            found.add(path)
        folder = path.rstrip("/").rpartition("/")[0]
        while folder:
            package = f"{folder}/__init__.py"
            if package not in self._paths:
                break
            found.add(package)
            folder = folder.rpartition("/")[0]

"""Services: which deployable units are there, and which of them run a module?

A service is an entry point plus its environment, not a directory: one program deployed twice is two services, and a
shared module belongs to every service whose entry point reaches it. Where manifests are silent, entry scripts and
package roots take their place.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from brokerlint.facts import Service
from brokerlint.link.entries import entry_modules
from brokerlint.link.handlers import handler_files, untold_handler
from brokerlint.link.imports import Imports
from brokerlint.link.program import Program
from brokerlint.link.service_names import family, likeness, plain, telling
from brokerlint.link.service_names import fronts as fronts_of
from brokerlint.manifests.facts import ServiceFact, Setting, Text
from brokerlint.places import Place

_ROOT_MARKS = tuple(
    "Dockerfile requirements.txt pyproject.toml setup.py setup.cfg Pipfile Procfile package.json serverless.yml "
    "template.yaml template.yml manage.py".split()
)
_PREFERENCE = {"prod": 0, "unknown": 1, "dev": 2, "test": 3}
_PLATFORMS = {
    "lambda": 0,
    "kubernetes": 1,
    "clowdapp": 0,
    "ecs": 1,
    "procfile": 2,
    "compose": 3,
    "dapr": 3,
    "supervisord": 2,
    "systemd": 2,
}


@dataclass(slots=True)
class Deployment:
    """A service of the program with everything that decides what it runs and what its variables hold."""

    service: Service
    entries: tuple[str, ...] = ()
    reach: frozenset[str] = frozenset()
    settings: list[Mapping[str, Setting]] = field(default_factory=list)
    facts: list[ServiceFact] = field(default_factory=list)


MOST_SCRIPTS = 8
"""Entry scripts that one module may belong to; a library that more of them use belongs to the project as a whole."""

_GENERIC = frozenset(
    "__main__ __init__ main app run server manage wsgi asgi handler lambda_function index service application cli "
    "worker consumer producer".split()
)
_NAMELESS = frozenset(
    {"__main__", "__init__", "main", "app", "manage", "wsgi", "asgi", "handler", "lambda_function", "index"}
)
_TOOLING = re.compile(
    r"/(?:scripts?|commands|tools?|utils?|dev|docs?|manual_tests?|migrations|alembic|benchmarks?)/|/(?:setup|manage|conftest)\.py$"
)
_CHALICE = re.compile(rb"^[ \t]*(?:from|import)[ \t]+chalice\b", re.M)
_CHALICE_NAME = re.compile(rb"\bapp_name[ \t]*=[ \t]*[\"']([\w-]+)[\"']")
_SERVER = re.compile(r"\b(?:gunicorn|uvicorn|hypercorn|waitress-serve|daphne|granian|uwsgi|runserver|runserver_plus)\b")
"""A command that serves HTTP."""
_COMMAND = re.compile(r"(?:^|/)management/commands/[a-z]\w*\.py$")
"""A command of Django's manage.py."""


class Services:
    """The services of one tree. Takes the program, its import graph, what manifests say, all paths of the tree, the
    files behind console scripts, and what the project at the root calls itself."""

    def __init__(
        self,
        program: Program,
        imports: Imports,
        facts: Iterable[ServiceFact],
        paths: Iterable[str],
        scripts: Mapping[str, str],
        project_name: str = "",
    ) -> None:
        self._program = program
        self._imports = imports
        self._scripts = scripts
        times = Counter(scripts.values())
        self._commands = {path: name for name, path in scripts.items() if times[path] == 1}
        self._project_name = project_name
        self._roots = _marked_roots(program, paths)
        self._fallback: dict[str, Deployment] = {}
        self._mains: dict[str, tuple[str, ...]] = {}
        self._chalice_names: dict[str, str | None] = {}
        facts = [self._with_handler(fact) for fact in facts]
        self._servers = frozenset(fact.key for fact in facts if _SERVER.search(" ".join(fact.command)))
        self.deployments = self._deployed(facts)
        self._by_key = {fact.key: one for one in self.deployments for fact in one.facts}
        self._reached: dict[str, list[Deployment]] = {}
        for one in self.deployments:
            for path in one.reach:
                self._reached.setdefault(path, []).append(one)

    def name_apart(self) -> None:
        """Give services that are called alike (two stacks with a ``Worker`` each) names of their own."""
        groups: dict[str, list[Deployment]] = {}
        for one in self.all():
            groups.setdefault(one.service.name, []).append(one)
        for name, members in groups.items():
            if len(members) > 1:
                fronts = fronts_of(
                    [(posixpath.dirname(one.service.evidence[0].path), one.service.roots[0]) for one in members]
                )
                for one, front in zip(members, fronts, strict=True):
                    if len(set(fronts)) > 1 and front and plain(front) not in plain(name):
                        one.service = replace(one.service, name=f"{front}-{name}")

    def by_key(self, key: str) -> Deployment | None:
        """The deployment that a manifest calls ``key``."""
        return self._by_key.get(key)

    def all(self) -> list[Deployment]:
        """Every service found so far: declared ones, then those that only code shows."""
        return [*self.deployments, *self._fallback.values()]

    # --- From manifests -------------------------------------------------------------------------------------------

    def _deployed(self, facts: list[ServiceFact]) -> list[Deployment]:
        entries = {fact.key: tuple(self._entries(fact)) for fact in facts}
        # A unit of a machine starts anything; it is a service of the tree when it starts code of the tree.
        facts = [fact for fact in facts if fact.platform != "systemd" or entries[fact.key]]
        programs: dict[tuple[object, ...], list[ServiceFact]] = {}
        for fact in facts:
            programs.setdefault(self._program_key(fact, entries[fact.key]), []).append(fact)
        found: list[Deployment] = []
        for members in programs.values():
            files: dict[str, list[ServiceFact]] = {}
            for fact in members:
                files.setdefault(fact.place.path, []).append(fact)
            ranked = sorted(files, key=lambda path: (_rank(files[path][0]), path))
            if all(fact.platform == "systemd" for fact in members):
                found += [self._deployment(fact, entries[fact.key]) for fact in members]
                continue  # a unit is a file of its own: several that start one program are no variants
            leading = [self._deployment(fact, entries[fact.key]) for fact in files[ranked[0]]]
            for path in ranked[1:]:
                for fact in files[path]:
                    near = max(leading, key=lambda one: likeness(one.service.name, fact.name))
                    near.settings.append(fact.environment)
                    near.facts.append(fact)
            if len(leading) == 1:
                leading[0].service = replace(leading[0].service, name=family([fact.name for fact in leading[0].facts]))
            found += leading
        return found

    def _with_handler(self, fact: ServiceFact) -> ServiceFact:
        handler = untold_handler(fact, self._program.paths, self._imports.text)
        return replace(fact, handler=handler) if handler else fact

    def _entries(self, fact: ServiceFact) -> list[str]:
        known = {name: s.value.text for name, s in fact.environment.items() if isinstance(s.value, Text)}
        found: list[str] = []
        if fact.handler:
            found += self.handler_files(fact)
        return found + [
            e
            for e in entry_modules(self._program, fact.roots or ("",), fact.command, known, self._scripts)
            if e not in found
        ]

    def handler_files(self, fact: ServiceFact) -> list[str]:
        """The file of a Lambda handler such as ``src/app.handler``."""
        return handler_files(fact, self._program.known, self._imports.text)

    def _program_key(self, fact: ServiceFact, entries: tuple[str, ...]) -> tuple[object, ...]:
        if fact.platform == "lambda":
            return ("lambda", fact.place.path, fact.key)
        if entries:
            return ("entries", entries)
        if fact.command:
            return ("command", fact.roots, fact.command)
        return ("name", plain(fact.name), fact.roots)

    def _deployment(self, fact: ServiceFact, entries: tuple[str, ...]) -> Deployment:
        program = " ".join(entries) or " ".join((*fact.roots, *fact.command)) or fact.name
        service = Service(
            fact.name,
            self._shown_roots(fact, entries),
            fact.platform,
            program,
            fact.profile,
            bool(fact.properties.get("tooling", False)),
            fact.owners,
            fact.properties,
            (fact.place,),
        )
        serving = not self._servers or fact.key in self._servers
        reach = self._imports.closure(entries, serving) if entries else frozenset()
        return Deployment(service, entries, reach, [fact.environment], [fact])

    def _shown_roots(self, fact: ServiceFact, entries: tuple[str, ...]) -> tuple[str, ...]:
        """Where a service lives: build context, the folders and packages of its entry points, its stack."""
        roots = [root for root in fact.roots if root not in ("", ".", *entries)]
        for entry in entries:
            app, command, _ = entry.partition("/management/commands/")
            roots += [posixpath.dirname(entry), self._program.package_of(entry), app if command else ""]
        if fact.platform == "lambda":
            roots.append(posixpath.dirname(fact.place.path))
        top = not any(roots) or any("/" not in entry for entry in entries)
        return tuple(dict.fromkeys([*(root for root in roots if root), *(["."] if top else [])]))

    # --- Who runs a module? ---------------------------------------------------------------------------------------

    def running(self, path: str) -> list[Deployment]:
        """The services that run the module at ``path``."""
        if _COMMAND.search(path):
            return [one for one in self.deployments if path in one.entries] or [self._command(path)]
        reaching = self._reached.get(path, [])
        if reaching:
            return reaching
        holding = self._holding(path)
        if holding and all(one.entries for one in holding):
            if self._starts_alone(path):
                return self._without_manifest(path)
            # Nothing that is known to be started reaches it: a function beside a container may.
            root = self._root_of(path)
            handlers = [main for main in self._reaching(path, root) if self._imports.is_handler(main)]
            if 0 < len(handlers) <= MOST_SCRIPTS:
                return [self._script(handler, root) for handler in handlers]
        if holding:
            return self._installed(path, holding) or holding
        return self._without_manifest(path)

    def _starts_alone(self, path: str) -> bool:
        """Is the file a program that nothing in the tree brings in, so that somebody starts it by hand or elsewhere?"""
        stem = posixpath.basename(path).removesuffix(".py")
        started = self._imports.is_script(path) or not stem.isidentifier() or _TOOLING.search(f"/{path}") is not None
        return started and not self._imported(path, by_scripts=False)

    def _installed(self, path: str, holding: list[Deployment]) -> list[Deployment]:
        """The commands that bring the module in, of a project deeper in the tree than the services around it, of which
        it is not known what they start."""
        root = self._root_of(path)
        if not root or any(one.entries or any(r not in ("", ".") for r in _holding_roots(one)) for one in holding):
            return []
        mains = [main for main in dict.fromkeys(self._scripts.values()) if self._root_of(main) == root]
        mains = [main for main in mains if path in self._imports.closure((main,))]
        return [self._script(main, root) for main in mains] if len(mains) <= MOST_SCRIPTS else []

    def _holding(self, path: str) -> list[Deployment]:
        """The services whose root is the deepest around ``path``, where no entry point is known."""
        best: list[Deployment] = []
        depth = -1
        for one in self.deployments:
            for root in _holding_roots(one):
                inside = root in ("", ".") or path.startswith(root.rstrip("/") + "/") or path == root
                length = len(root.rstrip("./"))
                if not inside or (not length and one.entries):
                    continue
                if length > depth:
                    best, depth = [one], length
                elif length == depth and one not in best:
                    best.append(one)
        best = [one for one in best if one.entries or not one.service.tooling] or best
        open_ended = [one for one in best if not one.entries]
        return open_ended or best

    def _without_manifest(self, path: str) -> list[Deployment]:
        """What code alone shows: the entry scripts that reach the module, a file nobody imports, or the project."""
        chalice = self._chalice(path)
        if chalice is not None:
            return [chalice]
        root = self._root_of(path)
        mains = [path] if path in self._main_files(root) else self._reaching(path, root)
        if 0 < len(mains) <= MOST_SCRIPTS:
            return [self._script(main, root) for main in mains]
        beside = self._handler_around(path, root)
        if beside:
            return [self._script(beside, root)]
        loose = not (root in self._roots and self._program.in_package(path))
        if loose and posixpath.dirname(path) != root and not self._imported(path):
            return [self._script(path, root)]
        return [self._project(path, root)]

    def _chalice(self, path: str) -> Deployment | None:
        """The Chalice application that a module is packed with: ``chalicelib`` goes with the ``app.py`` beside it."""
        before, inside, _ = f"/{path}".partition("/chalicelib/")
        app = f"{before}/app.py".lstrip("/") if inside else path
        if posixpath.basename(app) != "app.py" or app not in self._program.known:
            return None
        if app not in self._chalice_names:
            text = self._imports.text(app)
            named = _CHALICE_NAME.search(text)
            self._chalice_names[app] = (named[1].decode("ascii") if named else "") if _CHALICE.search(text) else None
        given = self._chalice_names[app]
        if given is None:
            return None
        folder = posixpath.dirname(app)
        return self._made(given or telling(folder) or self._project_name or "app", (folder or ".",), app)

    def _handler_around(self, path: str, root: str) -> str | None:
        """The handler in the closest folder around ``path`` that has exactly one: code loaded by name belongs to it,
        unless it is packed alone."""
        folder = posixpath.dirname(path)
        alone = {e for one in self.deployments for e in one.entries if any(e in fact.roots for fact in one.facts)}
        while folder and folder != root:
            here = [p for p in self._main_files(root) if posixpath.dirname(p) == folder and self._imports.is_handler(p)]
            if len(here) == 1:
                return None if here[0] in alone else here[0]
            folder = posixpath.dirname(folder)
        return None

    def _reaching(self, path: str, root: str) -> list[str]:
        """Entry points that bring the module in; a script inside the project's own package is part of that project."""
        found = []
        for main in self._main_files(root):
            own = self._imports.is_handler(main) or not (root in self._roots and self._program.in_package(main))
            if own and not _TOOLING.search("/" + main) and path in self._imports.closure((main,)):
                found.append(main)
        return found

    def _imported(self, path: str, by_scripts: bool = True) -> bool:
        """Does a file of the tree import the one at ``path``? One that is a program itself may be left out."""
        stem = posixpath.basename(path).removesuffix(".py")
        near = (
            other
            for other in self._program.paths
            if other != path and stem.encode("utf-8", "surrogateescape") in self._imports.text(other)
        )
        return stem == "__init__" or any(
            path in self._imports.direct(other) and (by_scripts or not self._imports.is_script(other)) for other in near
        )

    def _script(self, path: str, root: str) -> Deployment:
        """A script is a service of its own, unless it is called as a project's only entry point is (``app.py``)."""
        if path in self._commands and not path.endswith("/__main__.py"):
            return self._made(self._commands[path], (path, posixpath.dirname(path) or "."), path)
        name = posixpath.basename(path).removesuffix(".py")
        folder = posixpath.dirname(path)
        if folder and _TOOLING.search(f"/{path}"):
            return self._made(telling(folder) or name, (folder,), path, tooling=True)
        beside = [main for main in self._main_files(root) if posixpath.dirname(main) == folder and main != path]
        if name not in _GENERIC or (name not in _NAMELESS and beside):
            return self._made(name, (path, folder or "."), path)
        if folder == root or (not folder and not root):
            return self._project(path, root)
        return self._made(telling(folder) or name, (folder,), path)

    def _project(self, path: str, root: str) -> Deployment:
        """The project around ``path`` as one service."""
        top = path[len(root) :].lstrip("/").split("/")[0] if root else path.split("/")[0]
        inside = f"{root}/{top}" if root else top
        roots = [root or "."] + ([inside] if inside != path else [])
        if not root and "" not in self._roots:
            roots = [inside]
        return self._made(telling(root) or self._project_name or top.removesuffix(".py"), tuple(roots), path)

    def _command(self, path: str) -> Deployment:
        """A management command that no manifest starts is a program of its own, called by its name."""
        return self._made(posixpath.basename(path).removesuffix(".py"), (path,), path)

    def _made(self, name: str, roots: tuple[str, ...], path: str, tooling: bool = False) -> Deployment:
        known = self._fallback.get(roots[0])
        if known is not None:
            known.service = replace(known.service, roots=tuple(dict.fromkeys([*known.service.roots, *roots])))
        else:
            evidence = (Place(path, 1, 0, "entry point found in code"),)
            service = Service(name, roots, "unknown", roots[0], "unknown", tooling, (), {}, evidence)
            self._fallback[roots[0]] = Deployment(service, (path,))
        return self._fallback[roots[0]]

    def _root_of(self, path: str) -> str:
        folder = posixpath.dirname(path)
        while folder:
            if folder in self._roots:
                return folder
            folder = posixpath.dirname(folder)
        return ""

    def _main_files(self, root: str) -> tuple[str, ...]:
        if root not in self._mains:
            inside = [p for p in self._program.paths if not root or p.startswith(root + "/")]
            self._mains[root] = tuple(p for p in inside if self._imports.is_script(p) or self._imports.is_handler(p))
        return self._mains[root]


def _holding_roots(one: Deployment) -> tuple[str, ...]:
    """The folders whose files belong to a deployment even when its entry point does not reach them; code that is a
    single file has no folder."""
    declared = [root for fact in one.facts for root in fact.roots]
    folders = (posixpath.dirname(entry) for entry in one.entries if entry not in declared)
    return tuple(dict.fromkeys([*declared, *folders]))


def _marked_roots(program: Program, paths: Iterable[str]) -> frozenset[str]:
    """The folders that a file marks as a project's; a ``manage.py`` inside of a package is a module like any other."""
    marks = (path for path in paths if posixpath.basename(path).startswith(_ROOT_MARKS))
    return frozenset(
        posixpath.dirname(path) for path in marks if not (path.endswith(".py") and program.in_package(path))
    )


def _rank(fact: ServiceFact) -> tuple[int, int]:
    return _PREFERENCE.get(fact.profile, 1), _PLATFORMS.get(fact.platform, 2)

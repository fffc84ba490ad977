"""Entry points: which module does a command start?"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from brokerlint.link.program import Program
from brokerlint.link.values import ModuleValue

_MODULE = re.compile(r"^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::[\w.()\[\]'\"]+)?$")
_NOT_MODULES = frozenset(
    "python python3 gunicorn uvicorn celery worker run exec sh bash flask faust poetry pipenv uv start server main "
    "beat env tini sudo wait web app".split()
)
_RUNNERS = frozenset(
    "gunicorn uvicorn hypercorn daphne celery faust faststream taskiq dramatiq arq granian fastapi waitress-serve rq "
    "huey_consumer streamlit spark-submit python python3 flask airflow tomodachi nameko propan uwsgi".split()
)

_SERVERS = frozenset("gunicorn waitress-serve hypercorn uvicorn".split())


def entry_modules(
    program: Program,
    roots: Iterable[str],
    command: tuple[str, ...],
    environment: Mapping[str, str],
    scripts: Mapping[str, str],
) -> list[str]:
    """The files that ``command`` starts.

    ``roots`` are the directories that the process runs in or has on its path, ``environment`` its known variables
    (``FLASK_APP``, ``DJANGO_SETTINGS_MODULE``), ``scripts`` maps a console script's name to its file.
    """
    roots = list(roots)
    words = [word for part in command for word in _words(part)]
    found: dict[str, None] = {}
    runner = next((posixpath.basename(w) for w in words if _runner(posixpath.basename(w))), "")
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        base = posixpath.basename(word)
        if runner in _SERVERS and before in ("-c", "--config"):
            continue  # how the server is set up, not what it serves
        if word.endswith(".py"):
            path = _file(program, roots, word)
            if path:
                found.setdefault(path)
                if base == "manage.py" and index + 1 < len(words):
                    for extra in _management(program, path, words[index + 1]):
                        found.setdefault(extra)
        elif base in scripts:
            found.setdefault(scripts[base])
        elif word.startswith("-") and "=" in word and word.split("=")[0] in ("-A", "--app"):
            _add_module(program, roots, word.split("=", 1)[1], found)
        elif word.startswith("-A") and len(word) > 2:
            _add_module(program, roots, word[2:], found)
        elif (
            before in ("-m", "-A", "--app", "--module", "--wsgi", "-w")
            or (runner and ":" in word)
            or (runner and "." in word and "/" not in word)
        ) or _may_be_module(runner, index, word, before, index == len(words) - 1):
            _add_module(program, roots, word, found)
    for variable in ("FLASK_APP", "DJANGO_SETTINGS_MODULE", "APP_MODULE"):
        value = environment.get(variable)
        if value and (variable != "FLASK_APP" or runner in ("flask", "gunicorn", "python", "python3", "")):
            path = _file(program, roots, value) if value.endswith(".py") else None
            if path:
                found.setdefault(path)
            else:
                _add_module(program, roots, value, found)
    return list(found)


def _may_be_module(runner: str, index: int, word: str, before: str, last: bool) -> bool:
    """A bare word behind a runner (``celery worker tasks``) that is neither an option nor an option's value."""
    plain = not word.startswith("-") and not before.startswith("-")
    known = word not in _NOT_MODULES or (last and runner in _SERVERS and word != runner)
    return plain and known and index > 0 and runner not in ("", "python", "python3")


def _runner(word: str) -> bool:
    return word in _RUNNERS or bool(re.fullmatch(r"python\d?(?:\.\d+)?", word))


def _words(part: str) -> list[str]:
    return part.replace(";", " ").replace("&&", " ").split() if " " in part else [part]


def _file(program: Program, roots: list[str], word: str) -> str | None:
    known = program.known
    plain = word.removeprefix("./")
    for root in roots:
        candidate = posixpath.normpath(posixpath.join(root, plain.lstrip("/")))
        if candidate in known:
            return candidate
    # An absolute path inside the image: its tail under a root.
    parts = plain.strip("/").split("/")
    for start in range(len(parts)):
        for root in (*roots, ""):
            candidate = posixpath.normpath(posixpath.join(root, *parts[start:]))
            if candidate in known:
                return candidate
    return None


def _add_module(program: Program, roots: list[str], word: str, found: dict[str, None]) -> None:
    match = _MODULE.match(word)
    if not match:
        return
    dotted = match[1]
    for root in roots:
        importer = f"{root}/_.py" if root else "_.py"
        target = program.resolve(importer, dotted)
        if not isinstance(target, ModuleValue) and "." in dotted:
            target = program.resolve(importer, dotted.rpartition(".")[0])  # module.attribute, as Celery takes it
        if isinstance(target, ModuleValue):
            folder = target.path.rstrip("/")
            main = f"{folder.removesuffix('/__init__.py')}/__main__.py"
            if program.is_package(target.path):
                if main in program.known:
                    found.setdefault(main)
                for part in ("celery", "app", "main"):
                    child = program.child(target.path, part)
                    if child is not None and not child.path.endswith("/"):
                        found.setdefault(child.path)
            if not target.path.endswith("/"):
                found.setdefault(target.path)
            return


def _management(program: Program, manage: str, command: str) -> list[str]:
    """Django: the module of a management command, or the whole project for its servers."""
    folder = manage.rpartition("/")[0]
    wanted = f"/management/commands/{command}.py"
    all_of_name = [p for p in program.paths if p.endswith(wanted)]
    found = [p for p in all_of_name if p.startswith(folder)]
    return found or (all_of_name if len(all_of_name) == 1 else [])

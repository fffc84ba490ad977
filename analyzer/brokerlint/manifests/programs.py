"""Commands: what a container or process really starts, behind shells, entry scripts and wrappers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from brokerlint.manifests import shell
from brokerlint.manifests.facts import Setting
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import text_of

_ROUNDS = 8
"""Scripts that call scripts are followed this far."""

_SHELLS = frozenset("sh bash ash dash zsh ksh".split())
_SIMPLE_WRAPPERS = frozenset(
    "exec nohup setsid time ddtrace-run opentelemetry-instrument newrelic-admin sudo unbuffer catchsegv xvfb-run "
    "pipenv poetry uv pdm hatch rye tini dumb-init catatonit docker-init".split()
)
_WRAPPERS_WITH_ARGUMENT = frozenset("gosu su-exec timeout nice setuser chroot chpst softlimit".split())
_BEFORE_DASHES = frozenset(
    "watchmedo wait-for-it wait-for dockerize doppler chamber envconsul infisical op dapr".split()
)
_PREPARATION = frozenset(
    "echo printf sleep cd mkdir chmod chown cp mv rm ln touch cat ls env export source . wait set alias unset "
    "trap umask date which command type id whoami hostname grep sed awk tr cut head tail find xargs tee test curl "
    "wget nc ncat pg_isready pip pip3 apt apt-get apk yum microdnf npm yarn git tar unzip openssl aws awslocal "
    "mysql psql redis-cli kafka-topics kafka-topics.sh rpk cub kafka-configs ulimit pushd popd return read until "
    "while true false ps kill pkill killall stat dirname basename readlink eval shopt getopts jq envsubst mc "
    "keytool ldconfig usermod groupadd useradd adduser addgroup ./wait-for-it.sh wait-for-it.sh dockerize alembic "
    "yoyo pytest tox nox coverage mypy ruff flake8 black pylint isort".split()
)
_PREPARING_COMMANDS = frozenset(
    "migrate collectstatic makemigrations compilemessages createsuperuser loaddata createcachetable check_db "
    "wait_for_db db upgrade".split()
)
_ASSIGNS = re.compile(r"[A-Za-z_]\w*=")
_OPERATORS = frozenset(("&&", "||"))
_PYTHON = re.compile(r"(?:.*/)?(?:python|pypy)[0-9.]*\Z")
_RUNNERS = frozenset(
    "gunicorn uvicorn hypercorn daphne celery faust faststream taskiq dramatiq arq granian fastapi waitress-serve rq "
    "huey_consumer huey_consumer.py streamlit spark-submit flask airflow tomodachi nameko propan uwsgi rqworker "
    "sanic chalice litestar robyn bentoml dagster prefect".split()
)
_WORKERS: Mapping[str, frozenset[str]] = {
    "celery": frozenset(("worker", "beat")),
    "faust": frozenset(("worker",)),
    "rq": frozenset(("worker",)),
    "taskiq": frozenset(("worker", "scheduler")),
    "faststream": frozenset(("run",)),
    "dramatiq": frozenset(),
    "arq": frozenset(),
    "huey_consumer": frozenset(),
    "huey_consumer.py": frozenset(),
}
_OTHERS = frozenset(
    "java node npm npx yarn pnpm bun deno go ruby rails bundle php php-fpm dotnet nginx caddy httpd apachectl postgres "
    "mysqld redis-server mongod rabbitmq-server kafka-server-start.sh".split()
)
_IDLE = re.compile(r"sleep (?:infinity|\d+[dhms]?)|tail -[fF] /dev/null|cat|(?:/bin/)?(?:ba)?sh")


class Files(Protocol):
    """What a container knows of the tree's files."""

    def file(self, inside: str) -> str | None:
        """The file of the tree at a path inside."""


class Started(NamedTuple):
    """What a command ends in: an argument vector, and the folder that shells have changed to before they start it
    ("": none), relative to where they began unless it is absolute."""

    command: tuple[str, ...]
    folder: str = ""


def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    files: Files,
    tree: Tree,
    folder: str = "",
    rounds: int = _ROUNDS,
) -> Started:
    """What ``command`` ends in, scripts of the tree followed.

    Several programs started side by side stand one after the other with ``;`` between them. ``environment`` holds the
    variables whose values are known, ``folder`` is where the command begins.
    """
    words = unwrapped(command)
    for _ in range(rounds):
        calls = _calls(words, environment, files, tree, folder)
        if calls is None:
            return Started((*words, *_configured(words, files, tree)), folder)
        chosen = programs(calls)
        if not chosen:
            rest = _after_dashes(words)
            if not rest:
                return Started(words, folder)
            words = unwrapped(rest)
        elif len(chosen) == 1:
            words = unwrapped(chosen[0].words)
            folder = posixpath.join(folder, chosen[0].folder)
        else:
            return _together(chosen, environment, files, tree, folder, rounds - 1)
    return Started(words, folder)


def programs(calls: Sequence[shell.Call]) -> list[shell.Call]:
    """The calls that stay: what replaces the script, else the last one in front and the Python files before it, and
    all in the background.

    Where Python is among several, what is neither Python nor a script only serves it.
    """
    lasting = [call for call in calls if not prepares(call.words)]
    final = [call for call in lasting if call.final]
    front = [call for call in lasting if not call.background]
    front = [call for call in front if call.certain] or front
    chosen = [call for call in lasting if call.background]
    if not final and front and (not chosen or not lasting[-1].background):
        before = [call for call in front[:-1] if call.certain and _runs_file(call.words)]
        final = [*before, front[-1]]
    chosen += final
    python = [call for call in chosen if runs_python(call.words) or call.words[0].endswith((".sh", ".bash"))]
    return list({call.words: call for call in python or chosen}.values())


def only_prepares(command: Sequence[str], environment: Mapping[str, str], files: Files, tree: Tree) -> bool:
    """Whether a command, or the script of the tree that it runs, does nothing that lasts."""
    calls = _calls(unwrapped(command), environment, files, tree, "") if command else None
    if calls:
        return not programs(calls) or all(prepares(call.words) for call in programs(calls))
    return bool(command) and prepares(command)


def unwrapped(command: Sequence[str]) -> tuple[str, ...]:
    """The command without what only wraps it: process supervisors, tracers, tool runners, variables."""
    words = list(command)
    while words:
        name = posixpath.basename(words[0])
        if name == "env" or (_ASSIGNS.match(words[0]) and len(words) > 1):
            words = words[1:]
            while words and (words[0].startswith("-") or "=" in words[0]):
                words = words[1:]
        elif name in _SIMPLE_WRAPPERS and len(words) > 1:
            words = _without_options(words[1:], ("run", "run-program"))
        elif name in _WRAPPERS_WITH_ARGUMENT and len(words) > 2:
            words = _without_options(words[1:])[1:]
        elif name.removesuffix(".sh") in _BEFORE_DASHES and (rest := _after_dashes(words)):
            words = list(rest)
        else:
            break
    return tuple(words or command)


def runs_python(command: Sequence[str]) -> bool:
    """Whether one of the words is a Python interpreter, a runner of Python programs or a Python file."""
    words = [word for part in command for word in part.split()] if len(command) < 3 else list(command)
    return any(_PYTHON.match(word) or posixpath.basename(word) in _RUNNERS or word.endswith(".py") for word in words)


def _runs_file(command: Sequence[str]) -> bool:
    """Whether the command is a Python file, or Python with one."""
    words = unwrapped(command)
    return words[0].endswith(".py") or (
        len(words) > 1 and _PYTHON.match(words[0]) is not None and words[1].endswith(".py")
    )


def works_off(command: Sequence[str]) -> bool:
    """Whether the command is a worker or scheduler of a task queue or stream: it has no other purpose than to run."""
    names = [posixpath.basename(word) for word in command]
    return any(name in names and (not verbs or not verbs.isdisjoint(names)) for name, verbs in _WORKERS.items())


def runs_otherwise(command: Sequence[str]) -> bool:
    """Whether the command starts a program of another language or a product."""
    return bool(command) and posixpath.basename(command[0]) in _OTHERS


def idles(command: Sequence[str]) -> bool:
    """Whether the command only keeps a container alive, as in development."""
    return _IDLE.fullmatch(" ".join(command)) is not None


def words_known(environment: Mapping[str, Setting]) -> dict[str, str]:
    """The variables whose values are known, as text."""
    known = ((name, text_of(setting.value)) for name, setting in environment.items())
    return {name: text for name, text in known if text is not None}


def _calls(
    words: tuple[str, ...], environment: Mapping[str, str], files: Files, tree: Tree, folder: str
) -> list[shell.Call] | None:
    """What a shell command or a script of the tree calls; None when ``words`` start something else."""
    text = shell.after_c(words)
    if text is not None:
        rest = words[words.index(text) + 2 :]
        return shell.run(shell.parse(text), rest, environment)
    arguments = words
    while arguments and posixpath.basename(arguments[0]) in _SHELLS:
        arguments = tuple(_without_options(arguments[1:]))
    if not arguments:
        return None
    if posixpath.basename(arguments[0]) == "make":
        return _made(arguments[1:], environment, files, tree, folder)
    path = files.file(posixpath.join(folder, arguments[0])) or _only_script(arguments[0], tree)
    script = tree.of("scripts").get(path) if path else None
    if script is not None:
        return shell.run(script.block, arguments[1:], environment)
    if not _OPERATORS.isdisjoint(words[1:-1]):
        # An entry point hands its arguments to a shell: ["./first.py", "&&", "./second.py"].
        return shell.run(shell.parse(" ".join(words)), (), environment)
    return None


def _configured(words: Sequence[str], files: Files, tree: Tree) -> tuple[str, ...]:
    """The words that a server's configuration adds to its command: ``uwsgi --ini /app/uwsgi.ini``."""
    if not words or posixpath.basename(words[0]) != "uwsgi":
        return ()
    known = tree.of("uwsgi")
    for word in words[1:]:
        name = word.rpartition("=")[2].partition(":")[0]
        path = files.file(name)
        if path not in known:
            alike = [one for one in known if posixpath.basename(one) == posixpath.basename(name)]
            path = alike[0] if len(alike) == 1 else None
        if path is not None:
            return tuple(known[path])
    return ()


def _only_script(word: str, tree: Tree) -> str | None:
    """The script of the tree that is called so, for one that was installed somewhere in an image."""
    name = posixpath.basename(word)
    if not name.endswith((".sh", ".bash")):
        return None
    found = [path for path in tree.of("scripts") if posixpath.basename(path) == name]
    return found[0] if len(found) == 1 else None


def _made(
    targets: Sequence[str], environment: Mapping[str, str], files: Files, tree: Tree, folder: str
) -> list[shell.Call] | None:
    """What the makefile of the working directory, else the only one that knows the target, does for it."""
    scripts = tree.of("scripts")
    wanted = next((target for target in targets if not target.startswith("-") and "=" not in target), "")
    here = files.file(posixpath.join(folder, "Makefile")) or ""
    found = [one.rules[wanted] for path, one in scripts.items() if wanted in one.rules and here in ("", path)]
    return shell.run(found[0], (), environment) if len(found) == 1 else None


def _together(
    chosen: Sequence[shell.Call], environment: Mapping[str, str], files: Files, tree: Tree, folder: str, rounds: int
) -> Started:
    """Programs side by side; the folder is that of all of them, else where they are started from."""
    found: list[str] = []
    folders = []
    for call in chosen[:20]:
        entered = posixpath.join(folder, call.folder)
        one = (
            started(call.words, environment, files, tree, entered, rounds)
            if rounds > 0
            else Started(call.words, entered)
        )
        found += [*((";",) if found else ()), *one.command]
        folders.append(one.folder)
    return Started(tuple(found), folders[0] if len(set(folders)) == 1 else folder)


def prepares(words: Sequence[str]) -> bool:
    """Whether a command only prepares what is started after it: a migration, a wait, a message."""
    plain = unwrapped(words)
    name = posixpath.basename(plain[0]) if plain else ""
    if name in _PREPARATION or plain[0].startswith(("/dev/", "$(")):
        return True
    manages = any(word.endswith(("manage.py", "flask", "django-admin")) for word in plain[:3])
    return manages and not _PREPARING_COMMANDS.isdisjoint(plain[:5])


def _after_dashes(words: Sequence[str]) -> tuple[str, ...]:
    """What follows the last ``--``."""
    for index in range(len(words) - 1, -1, -1):
        if words[index] == "--":
            return tuple(words[index + 1 :])
    return ()


def _without_options(words: Sequence[str], verbs: Sequence[str] = ()) -> list[str]:
    rest = list(words)
    while len(rest) > 1 and (rest[0].startswith("-") or rest[0] in verbs):
        rest.pop(0)
    return rest

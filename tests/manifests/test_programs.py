"""Commands: wrappers taken off, programs told from what only prepares them."""

from __future__ import annotations

import pytest

from brokerlint.manifests.programs import idles, prepares, runs_otherwise, runs_python, unwrapped, works_off


@pytest.mark.parametrize(
    "command",
    [
        "python app.py",
        "exec python app.py",
        "env A=b C=d python app.py",
        "/usr/bin/tini -- python app.py",
        "dumb-init python app.py",
        "gosu worker python app.py",
        "timeout 30 python app.py",
        "poetry run python app.py",
        "uv run --frozen python app.py",
        "pipenv run ddtrace-run python app.py",
        "newrelic-admin run-program python app.py",
        "watchmedo auto-restart --pattern *.py -- python app.py",
        "./wait-for-it.sh kafka:9092 -- python app.py",
        "dockerize -wait tcp://db:5432 -- python app.py",
    ],
)
def test_what_only_wraps_a_command_is_taken_off(command: str) -> None:
    assert unwrapped(command.split()) == ("python", "app.py")


@pytest.mark.parametrize("command", ["tini", "poetry", "env", "poetry install"])
def test_a_wrapper_without_a_command_stays_something(command: str) -> None:
    assert unwrapped(command.split())


@pytest.mark.parametrize(
    "command", ["sleep 5", "alembic upgrade head", "python manage.py migrate", "pytest -x", "flask db upgrade"]
)
def test_what_only_prepares(command: str) -> None:
    assert prepares(command.split())


@pytest.mark.parametrize("command", ["python manage.py consume", "flask run", "celery -A a worker", "./start.sh"])
def test_what_stays(command: str) -> None:
    assert not prepares(command.split())


def test_kinds_of_programs() -> None:
    assert runs_python(("python3.12", "-m", "a"))
    assert runs_python(("/venv/bin/gunicorn", "a:b"))
    assert not runs_python(("java", "-jar", "x.jar"))
    assert runs_otherwise(("node", "index.js"))
    assert idles(("sleep", "infinity"))
    assert idles(("tail", "-f", "/dev/null"))
    assert not idles(("python", "sleep.py"))
    assert works_off(("celery", "-A", "a", "worker"))
    assert not works_off(("celery", "-A", "a", "purge"))
    assert not works_off(("gunicorn", "a:b"))


def test_variables_before_a_command_are_no_command() -> None:
    assert unwrapped(("FLASK_APP=./manage.py", "flask", "db", "upgrade")) == ("flask", "db", "upgrade")
    assert prepares(("FLASK_APP=./manage.py", "flask", "db", "upgrade"))

"""Dockerfiles: stages, commands, what is copied where, and images that nothing else deploys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from brokerlint.manifests.facts import ManifestFacts, Text
from brokerlint.manifests.formats import dockerfile
from brokerlint.manifests.formats.dockerfile import Copy, Stage, command_of
from brokerlint.manifests.tree import ManifestError

Reader = Callable[[Mapping[str, str]], ManifestFacts]


def stage(text: str, target: str = "") -> Stage:
    return dockerfile.read("Dockerfile", text).stage(target)


def test_exec_and_shell_form() -> None:
    assert command_of(stage('FROM python\nCMD ["python", "-m", "app"]')) == ("python", "-m", "app")
    assert command_of(stage("FROM python\nCMD python -m app")) == ("/bin/sh", "-c", "python -m app")


def test_an_entry_point_gets_the_command_as_arguments_unless_a_shell_runs_it() -> None:
    assert command_of(stage('FROM a\nENTRYPOINT ["./run.sh"]\nCMD ["worker"]')) == ("./run.sh", "worker")
    assert command_of(stage('FROM a\nENTRYPOINT ./run.sh\nCMD ["worker"]')) == ("/bin/sh", "-c", "./run.sh")


def test_continued_lines_comments_and_heredocs() -> None:
    text = 'FROM a\nRUN x \\\n  # note\n  && y\nRUN <<EOF\nCMD ["no"]\nEOF\nCMD ["python", \\\n  "app.py"]\n'
    found = stage(text)
    assert found.command == ("python", "app.py")
    assert found.command_line == 8


def test_a_relative_folder_and_variables_are_worked_out() -> None:
    text = "ARG V=3.12\nFROM python:$V\nENV HOME=/srv TOPIC=orders\nWORKDIR $HOME\nWORKDIR app\nCOPY src/ ./lib/\n"
    found = stage(text)
    assert found.base == "python:3.12"
    assert found.workdir == "/srv/app"
    assert found.copies == (Copy(("src/",), "/srv/app/lib/"),)
    assert found.environment["TOPIC"].value == Text("orders")


def test_the_older_form_of_a_variable() -> None:
    assert stage("FROM a\nENV ORDERS_TOPIC orders topic").environment["ORDERS_TOPIC"].value == Text("orders topic")


def test_variables_of_a_base_stage_and_what_another_stage_hands_over() -> None:
    text = (
        "FROM python AS base\nENV app=shop HELLO='a b'\nFROM base AS builder\nCOPY src /$app/src\nCOPY conf.py /$app/\n"
        "COPY run.sh other.sh /bin/\nFROM base\nCOPY --from=builder /$app /srv/$app\n"
        "COPY --from=builder /shop/src/web /web\nCOPY --from=builder /usr/lib /usr/lib\n"
        'CMD ["sh", "-c", "/srv/${app}/start $HELLO"]\n'
    )
    found = stage(text)
    assert found.command == ("sh", "-c", "/srv/shop/start $HELLO")
    assert found.copies == (
        Copy(("src",), "/srv/shop/src"),
        Copy(("conf.py",), "/srv/shop/"),
        Copy(("src/web",), "/web"),
    )


def test_a_stage_takes_over_what_its_base_stage_has() -> None:
    text = (
        'FROM python AS base\nWORKDIR /app\nCOPY lib /app/lib\nENV TOPIC=a\nCMD ["base"]\n'
        'FROM base AS worker\nENV TOPIC=b\nCMD ["worker"]\nFROM base AS web\nCOPY --from=worker /x /y\n'
    )
    worker, web = stage(text, "worker"), stage(text)
    assert (worker.command, worker.environment["TOPIC"].value, worker.workdir) == (("worker",), Text("b"), "/app")
    assert (web.command, web.base, web.copies) == (("base",), "python", (Copy(("lib",), "/app/lib"),))


def test_an_entry_point_of_a_later_stage_voids_the_command_before() -> None:
    assert command_of(stage('FROM a AS b\nCMD ["x"]\nFROM b\nENTRYPOINT ["y"]\n')) == ("y",)


def test_a_file_without_a_base_is_no_dockerfile() -> None:
    with pytest.raises(ManifestError, match="FROM"):
        dockerfile.read("Dockerfile", "RUN x\n")


@pytest.mark.parametrize("path", ["Dockerfile", "a/Dockerfile.worker", "worker.Dockerfile", "Containerfile"])
def test_dockerfiles_are_recognised(path: str) -> None:
    assert dockerfile.wants(path, b"")


@pytest.mark.parametrize("path", ["Dockerfile.dockerignore", "dockerfile.md", "dockerfiles/x.py"])
def test_other_files_are_not(path: str) -> None:
    assert not dockerfile.wants(path, b"")


def test_an_image_that_nothing_deploys_is_a_service(facts_of: Reader) -> None:
    facts = facts_of({
        "orders/Dockerfile": 'FROM python:3.12\nWORKDIR /srv\nCOPY . .\nCMD ["python", "worker.py"]\n',
        "orders/worker.py": "",
    })  # fmt: skip
    (service,) = facts.services
    assert (service.name, service.platform, service.roots) == ("orders", "docker", ("orders",))
    assert service.command == ("python", "worker.py")
    assert (service.place.path, service.place.line) == ("orders/Dockerfile", 4)


def test_an_image_of_another_language_or_only_for_tests_is_none(facts_of: Reader) -> None:
    facts = facts_of({
        "web/Dockerfile": 'FROM node\nCOPY . .\nCMD ["node", "index.js"]\n',
        "Dockerfile.test": 'FROM python\nCMD ["python", "-m", "pytest"]\n',
        "app.py": "",
    })  # fmt: skip
    assert facts.services == ()


def test_a_lambda_image_has_a_handler(facts_of: Reader) -> None:
    facts = facts_of({
        "fn/Dockerfile": 'FROM public.ecr.aws/lambda/python:3.12\nCOPY app.py ./\nCMD ["pkg.app.handler"]\n',
        "fn/app.py": "",
    })  # fmt: skip
    (service,) = facts.services
    assert (service.platform, service.handler, service.command) == ("lambda", "pkg/app.handler", ())


def test_the_folder_with_the_code_is_the_root_wherever_the_dockerfile_stands(facts_of: Reader) -> None:
    facts = facts_of({
        "orders/docker/Dockerfile": 'FROM python\nWORKDIR /app\nCMD ["python", "main.py"]\n',
        "orders/main.py": "",
    })  # fmt: skip
    assert facts.services[0].roots == ("orders",)
    assert facts.services[0].name == "orders"


def test_a_folder_called_docker_may_hold_the_program_that_its_image_copies(facts_of: Reader) -> None:
    facts = facts_of({
        "docker/Dockerfile": 'FROM python\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n',
        "docker/app.py": "",
        "code/produce.py": "",
    })  # fmt: skip
    assert facts.services[0].roots == ("docker",)


def test_parts_copied_one_by_one_and_the_python_path(facts_of: Reader) -> None:
    facts = facts_of({
        "orders/Dockerfile": (
            "FROM python\nWORKDIR /app\nENV PYTHONPATH=/app/lib\nCOPY app/ ./app/\nCOPY common/ lib/\n"
            'CMD ["uvicorn", "app.main:app"]\n'
        ),
        "orders/app/main.py": "",
        "orders/common/bus.py": "",
    })  # fmt: skip
    assert facts.services[0].roots == ("orders", "orders/common")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[project]\nname = "shop-api"\n'),
        ("pyproject.toml", '[tool.poetry]\nname = "shop-api"\n'),
        ("setup.cfg", "[metadata]\nversion = 1\nname = shop-api\n[options]\nname = x\n"),
    ],
)
def test_an_image_at_the_root_is_called_like_the_project(facts_of: Reader, path: str, text: str) -> None:
    facts = facts_of({"Dockerfile": 'FROM python\nCOPY . .\nCMD ["python", "app.py"]\n', path: text, "app.py": ""})
    assert [service.name for service in facts.services] == ["shop-api"]


def test_a_broken_project_names_nothing(facts_of: Reader) -> None:
    image = 'FROM python\nCOPY . .\nCMD ["python", "app.py"]\n'
    facts = facts_of({"Dockerfile": image, "pyproject.toml": "[project\nname", "app.py": ""})
    assert [service.name for service in facts.services] == ["app"]
    assert facts.diagnostics == ()


def test_several_dockerfiles_of_one_program_are_one_service(facts_of: Reader) -> None:
    image = 'FROM python\nCOPY . .\nCMD ["python", "app.py"]\n'
    facts = facts_of({"a/Dockerfile": image, "a/Dockerfile.rhel": f"{image}LABEL x=y\n", "a/app.py": ""})
    assert [service.name for service in facts.services] == ["a"]

"""Imports: which file does a dotted name mean in another file?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from brokerlint.link.program import MOST_ALIKE, Program, shared_folders
from brokerlint.link.values import External, ModuleValue
from brokerlint.read import Sources

MakeProgram = Callable[[Mapping[str, str]], Program]
Ask = Callable[..., list[str]]


def empty(*paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, "")


def test_an_absolute_import_from_the_root(program: MakeProgram) -> None:
    found = program(empty("app.py", "shop/__init__.py", "shop/orders.py"))

    assert found.resolve("app.py", "shop.orders") == ModuleValue("shop/orders.py")
    assert found.resolve("app.py", "shop") == ModuleValue("shop/__init__.py")


def test_what_the_program_does_not_have_is_external(program: MakeProgram) -> None:
    found = program(empty("app.py"))

    assert found.resolve("app.py", "requests.sessions") == External("requests.sessions")
    assert found.resolve("app.py", "gone", 1) == External(".gone")


@pytest.mark.parametrize(
    ("importer", "dotted", "level", "expected"),
    [
        ("shop/api/views.py", "models", 1, "shop/api/models.py"),
        ("shop/api/views.py", "", 1, "shop/api/__init__.py"),
        ("shop/api/views.py", "", 2, "shop/__init__.py"),
        ("shop/api/views.py", "bus.kafka", 2, "shop/bus/kafka.py"),
        ("shop/api/__init__.py", "models", 1, "shop/api/models.py"),
    ],
)
def test_a_relative_import_starts_at_the_importing_package(
    program: MakeProgram, importer: str, dotted: str, level: int, expected: str
) -> None:
    found = program(
        empty(
            "shop/__init__.py",
            "shop/api/__init__.py",
            "shop/api/views.py",
            "shop/api/models.py",
            "shop/bus/__init__.py",
            "shop/bus/kafka.py",
        )
    )

    assert found.resolve(importer, dotted, level) == ModuleValue(expected)


def test_two_services_each_have_their_config(program: MakeProgram) -> None:
    found = program(empty("billing/app.py", "billing/config.py", "shipping/app.py", "shipping/config.py"))

    assert found.resolve("billing/app.py", "config") == ModuleValue("billing/config.py")
    assert found.resolve("shipping/app.py", "config") == ModuleValue("shipping/config.py")


def test_the_nearest_root_around_the_importer_wins(program: MakeProgram) -> None:
    found = program(empty("config.py", "billing/app/__init__.py", "billing/app/main.py", "billing/config.py"))

    assert found.resolve("billing/app/main.py", "config") == ModuleValue("billing/config.py")


def test_a_shared_library_beside_the_services_is_found(program: MakeProgram) -> None:
    found = program(empty("services/billing/app.py", "libs/bus/bus/__init__.py", "libs/bus/bus/send.py"))

    assert found.resolve("services/billing/app.py", "bus.send") == ModuleValue("libs/bus/bus/send.py")


def test_a_module_inside_a_package_is_not_a_top_level_one(program: MakeProgram) -> None:
    found = program(empty("app.py", "shop/__init__.py", "shop/helpers.py"))

    assert found.resolve("app.py", "helpers") == External("helpers")


@pytest.mark.parametrize("name", ["kafka", "queue"])
def test_a_nested_file_named_like_a_library_does_not_shadow_it(program: MakeProgram, name: str) -> None:
    found = program(empty("app.py", "shop/__init__.py", f"shop/{name}.py", "shop/views.py"))

    assert found.resolve("app.py", name) == External(name)
    assert found.resolve("shop/views.py", name) == External(name)
    assert found.resolve("shop/views.py", name, 1) == ModuleValue(f"shop/{name}.py")


def test_a_script_imports_the_file_beside_it_even_when_it_is_named_like_a_library(program: MakeProgram) -> None:
    found = program(empty("worker/main.py", "worker/queue.py"))

    assert found.resolve("worker/main.py", "queue") == ModuleValue("worker/queue.py")


def test_a_folder_without_init_is_a_package_too(program: MakeProgram) -> None:
    found = program(empty("app.py", "shop/orders/events.py"))

    assert found.resolve("app.py", "shop.orders.events") == ModuleValue("shop/orders/events.py")
    assert found.resolve("app.py", "shop.orders") == ModuleValue("shop/orders/")
    assert found.child("shop/orders/", "events") == ModuleValue("shop/orders/events.py")
    assert found.module("shop/orders/") is None


def test_a_file_is_preferred_to_a_folder(program: MakeProgram) -> None:
    found = program(empty("app.py", "bus.py", "bus/readme.py"))

    assert found.resolve("app.py", "bus") == ModuleValue("bus.py")


def test_names_from_packages(program: MakeProgram) -> None:
    found = program(empty("src/shop/__init__.py", "src/shop/api/__init__.py", "src/shop/api/views.py", "run.py"))

    assert found.dotted("src/shop/api/views.py") == "shop.api.views"
    assert found.dotted("src/shop/api/__init__.py") == "shop.api"
    assert found.dotted("run.py") == "run"
    assert found.package_of("src/shop/api/views.py") == "src/shop"
    assert found.package_of("run.py") == ""
    assert found.in_package("src/shop/api/views.py")
    assert not found.in_package("run.py")
    assert found.called("views") == ["src/shop/api/views.py"]


def test_files_are_read_when_they_are_asked_for_and_once(program: MakeProgram) -> None:
    found = program({"a.py": "", "b.py": "word = 1"})

    assert [module.path for module in found.loaded()] == []
    assert [module.path for module in found.mentioning("word")] == ["b.py"]
    assert [module.path for module in found.loaded()] == ["b.py"]
    assert found.module("b.py") is found.module("b.py")
    assert found.count == 1


# --- Names across modules -----------------------------------------------------------------------------------------


def test_a_name_through_re_exports(ask: Ask) -> None:
    others = {
        "shop/__init__.py": "from .topics import ORDERS as TOPIC",
        "shop/topics.py": "ORDERS = 'orders'",
    }

    assert ask("from shop import TOPIC\nanswer = TOPIC", others=others) == ["orders"]
    assert ask("import shop\nanswer = shop.TOPIC", others=others) == ["orders"]
    assert ask("import shop.topics\nanswer = shop.topics.ORDERS", others=others) == ["orders"]
    assert ask("import shop.topics as t\nanswer = t.ORDERS", others=others) == ["orders"]
    assert ask("from shop import topics\nanswer = topics.ORDERS", others=others) == ["orders"]


def test_star_imports_through_several_modules(ask: Ask) -> None:
    others = {"names.py": "from base import *\nREFUNDS = 'refunds'", "base.py": "ORDERS = 'orders'"}

    assert ask("from names import *\nanswer = ORDERS", others=others) == ["orders"]
    assert ask("from names import *\nanswer = REFUNDS", others=others) == ["refunds"]


def test_an_own_name_wins_over_a_starred_one(ask: Ask) -> None:
    assert ask("from base import *\nTOPIC = 'own'\nanswer = TOPIC", others={"base.py": "TOPIC = 'base'"}) == ["own"]


def test_a_name_that_a_module_lacks_is_unknown_with_its_reason(ask: Ask) -> None:
    assert ask("from base import GONE\nanswer = GONE", others={"base.py": ""}) == ["?base.py has no 'GONE'"]


def test_modules_that_import_each_other(ask: Ask) -> None:
    others = {"a.py": "from b import B\nA = 'a'", "b.py": "from a import A\nB = A"}

    assert ask("from b import B\nanswer = B", others=others) == ["a"]


def test_a_name_that_two_modules_import_from_each_other_is_nowhere(ask: Ask) -> None:
    (answer,) = ask("from a import X\nanswer = X", others={"a.py": "from b import X", "b.py": "from a import X"})

    assert answer.startswith("?")


def test_shared_folders_counts_leading_parts() -> None:
    assert shared_folders("a/b/c.py", "a/b/d.py") == 2
    assert shared_folders("a/b", "x/b") == 0


# --- Files that may derive from a class ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "derives"),
    [
        ("class Mine(Base):\n    pass\n", True),
        ("class Mine(\n    Other,\n    bases.Base,\n):\n    pass\n", True),
        ("class Mine[T](Base):\n    pass\n", True),
        ("from bases import Base as Root\nclass Mine(Root):\n    pass\n", True),
        ("def use(one: Base):\n    pass\n", False),
        ("class Mine(BaseModel):\n    pass\n", False),
        ("class Base:\n    pass\n", False),
    ],
)
def test_files_that_may_derive_from_a_class(text: str, derives: bool) -> None:
    sources = Sources(None, ["a.py"], {"a.py": text.encode()}, 1)

    assert sources.deriving("Base") == (["a.py"] if derives else [])


@pytest.mark.parametrize(("files", "read"), [(MOST_ALIKE, MOST_ALIKE), (MOST_ALIKE + 1, 0)])
def test_a_class_that_everything_derives_from_is_not_followed(program: MakeProgram, files: int, read: int) -> None:
    found = program({f"m{number}.py": "class Mine(Base):\n    def run(self): ...\n" for number in range(files)})

    assert len(found.deriving("Base")) == read
    assert len(found.defining("run")) == read


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        ("import boto\n", True),
        ("import json, boto\n", True),
        ("from boto.sqs import connect\n", True),
        ("if True: import boto\n", True),
        ("import boto3\n", False),
        ("# boto was nicer\n", False),
        ("boto = None\n", False),
    ],
)
def test_which_files_import_a_package(text: str, imports: bool) -> None:
    sources = Sources(None, ["a.py"], {"a.py": text.encode()}, 1)

    assert bool(sources.importing("boto", ["a.py"])) is imports

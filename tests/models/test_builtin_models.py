"""The models that come with brokerlint: well formed, consistent with each other, and true to their own examples."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from importlib import resources

import jsonschema
import pytest
import yaml

from brokerlint.models import schema
from brokerlint.models.index import gifts, operations, undescribed
from brokerlint.models.load import builtin
from brokerlint.models.model import Argument, Library, Operation
from brokerlint.models.selftest import mismatches

LIBRARIES = builtin(examples=True)
FOLDER = resources.files("brokerlint.models")

each_library = pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.file.removesuffix(".yaml"))


def test_library_names_are_unique() -> None:
    names = Counter(library.name for library in LIBRARIES)
    assert [name for name, count in names.items() if count > 1] == []


def test_no_import_path_is_described_twice() -> None:
    paths: Counter[str] = Counter()
    for library in LIBRARIES:
        paths.update(set(library.classes) | set(library.functions) | set(library.objects))
        paths.update(name for model in library.classes.values() for name in (*model.aliases, *model.annotations))
    assert [path for path, count in paths.items() if count > 1] == []


def test_the_quick_way_to_load_leaves_out_the_examples_only() -> None:
    assert builtin() == tuple(
        Library(**{**{name: getattr(full, name) for name in full.__slots__}, "examples": ()}) for full in LIBRARIES
    )


@each_library
def test_a_model_fits_the_schema(library: Library) -> None:
    document = yaml.safe_load((FOLDER / library.file).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema.schema()).validate(document)


@each_library
def test_objects_that_calls_give_are_described(library: Library) -> None:
    assert undescribed(library, LIBRARIES) == []


@each_library
def test_what_sends_or_receives_says_where_the_channel_stands(library: Library) -> None:
    silent = [
        where
        for where, operation in operations(library)
        if operation.role in ("produce", "consume")
        and operation.channel is None
        and where not in ("boto3.EventBridge.Client.put_partner_events",)
        and not where.startswith("amazon_kclpy.")  # the stream stands in a properties file
    ]
    assert silent == []


@each_library
def test_carried_names_that_are_read_are_carried_by_someone(library: Library) -> None:
    carried = {name for one in LIBRARIES for _, gives in gifts(one) for name in gives.carries} | {"channel", "group"}
    keyed = any(gives.keyed is not None for _, gives in gifts(library))
    # Attributes of deriving classes:
    attributes = {"name", "queue_name", "topic", "enriched_topic", "sink", "event_topic", "topics_of_interest"}
    read = {
        place.removeprefix("self.")
        for _, operation in operations(library)
        for argument in _arguments(operation)
        for place in argument.places
        if isinstance(place, str) and place.startswith("self.")
    }
    assert keyed or read <= carried | attributes


def _arguments(operation: Operation) -> Iterator[Argument]:
    found = [operation.channel, operation.group, operation.pattern, *operation.arguments.values()]
    found += [one.otherwise for one in found if one is not None]
    found += [one.prefix for one in found if one is not None]
    yield from (one for one in found if one is not None)


@each_library
def test_a_library_can_be_found_by_its_words(library: Library) -> None:
    assert library.modules
    assert all(len(word) >= 3 for word in library.modules)
    for example in library.examples:
        assert any(word in example.code for word in library.modules)


@each_library
def test_a_library_names_its_documentation(library: Library) -> None:
    assert library.source.startswith("https://")
    assert library.distributions


@each_library
def test_examples_come_last_and_parse(library: Library) -> None:
    keys = list(yaml.safe_load((FOLDER / library.file).read_text(encoding="utf-8")))
    assert keys[-1] == "examples"
    assert len(library.examples) >= 2
    for example in library.examples:
        ast.parse(example.code)
        lines = example.code.count("\n")
        assert all(1 <= int(str(one["line"])) <= lines for one in example.expect)


@each_library
def test_examples_are_found_as_expected(library: Library) -> None:
    pipeline = pytest.importorskip("brokerlint.pipeline")
    assert [str(wrong) for wrong in mismatches(library, pipeline.analyse_sources)] == []


def test_the_schema_file_is_up_to_date() -> None:
    assert (FOLDER / "schema.json").read_text(encoding="utf-8") == schema.text()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.text()))

"""Reading a model file: what its keys mean, and what is said about mistakes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from brokerlint.models.index import in_use
from brokerlint.models.load import ModelError, index, parse
from brokerlint.models.model import Argument

HEAD = "library: bus\nsystem: kafka\nmodules: [bus]\n"


def test_an_argument_may_be_a_place_a_list_or_a_mapping() -> None:
    library = parse(
        HEAD + "functions:\n"
        "  bus.a: {role: produce, channel: topic}\n"
        "  bus.b: {role: produce, channel: [0, topic]}\n"
        '  bus.c: {role: produce, channel: {at: entries, path: "[].Bus", default: main, separator: ","}}\n'
        "  bus.d: {role: produce, channel: {at: [config], path: [group.id]}}\n",
        "bus.yaml",
    )
    assert library.functions["bus.a"].channel == Argument(("topic",))
    assert library.functions["bus.b"].channel == Argument((0, "topic"))
    assert library.functions["bus.c"].channel == Argument(("entries",), ("[]", "Bus"), "main", ",")
    assert library.functions["bus.d"].channel == Argument(("config",), ("group.id",))


def test_a_class_takes_over_what_the_class_it_is_like_says() -> None:
    library = parse(
        HEAD + "classes:\n"
        "  bus.Base:\n"
        "    aliases: [bus.base.Base]\n"
        "    kind: producer\n"
        "    methods: {send: {role: produce, channel: [0]}, flush: {act: flush}}\n"
        "  bus.Child:\n"
        "    like: bus.Base\n"
        "    methods: {send: {role: produce, channel: [1]}}\n",
        "bus.yaml",
    )
    child = library.classes["bus.Child"]
    assert child.kind == "producer"
    assert child.aliases == ()
    assert child.methods["send"].channel == Argument((1,))
    assert child.methods["flush"].act == "flush"


def test_a_wrapper_may_be_like_a_class_of_a_built_in_model() -> None:
    library = parse(
        HEAD + "extends: confluent-kafka\nclasses:\n  bus.Producer:\n    like: confluent_kafka.Producer\n", "bus.yaml"
    )
    assert library.classes["bus.Producer"].methods["produce"].role == "produce"
    assert library.classes["bus.Producer"].library == "bus"
    assert library.config_keys["enable.idempotence"] == "idempotence"
    assert library.defaults[""]["acks"] == "all"


def test_own_defaults_win_over_extended_ones() -> None:
    library = parse(HEAD + 'extends: confluent-kafka\ndefaults: {"": {acks: 1}}\n', "bus.yaml")
    assert library.defaults[""]["acks"] == 1
    assert library.defaults[""]["isolation"] == "read_committed"


def test_further_names_of_methods_and_functions_are_the_same_operation() -> None:
    library = parse(
        HEAD + "functions:\n  bus.send: {aliases: [bus.api.send], role: produce, channel: [0]}\n"
        "classes:\n  bus.Bus:\n    methods:\n      put: {aliases: [push], role: produce, channel: [0]}\n",
        "bus.yaml",
    )
    assert library.functions["bus.api.send"] is library.functions["bus.send"]
    methods = library.classes["bus.Bus"].methods
    assert methods["push"] is methods["put"]


def test_a_call_may_have_several_uses() -> None:
    library = parse(
        HEAD + "functions:\n  bus.move:\n    role: consume\n    channel: [0]\n"
        "    also: [{role: produce, system: sqs, channel: [1]}]\n",
        "bus.yaml",
    )
    (second,) = library.functions["bus.move"].also
    assert (second.role, second.system, second.channel) == ("produce", "sqs", Argument((1,)))


def test_the_index_knows_classes_by_all_their_names() -> None:
    library = parse(
        HEAD + "objects: {bus.main: bus.Bus}\nclasses:\n  bus.Bus:\n    aliases: [bus.core.Bus]\n"
        "    annotations: [bus.types.BusT]\n    attributes: {out: {model: bus.Bus, distinct: true}}\n"
        "    methods: {send: {role: produce, channel: [0], requires: [Body], distinct: true}, ping: {act: poll}}\n",
        "bus.yaml",
    )
    models = index([library])
    assert models.classes["bus.core.Bus"] is models.classes["bus.types.BusT"] is models.classes["bus.Bus"]
    assert models.methods == {"send"}
    assert [operation.name for _, operation in models.distinct["send"]] == ["send"]
    assert models.objects["bus.main"].model == "bus.Bus"
    assert [gives.model for gives in models.attributes["out"]] == ["bus.Bus"]
    assert models.words == (b"bus",)


def test_a_model_of_a_general_package_is_used_only_beside_its_transport() -> None:
    actors = parse(HEAD + "needs: [bus_sqs]\n", "bus.yaml")
    plain = parse(HEAD, "plain.yaml")
    assert in_use([actors, plain], {"bus_sqs"}.__contains__) == (actors, plain)
    assert in_use([actors, plain], {"bus"}.__contains__) == (plain,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "bus.yaml:1: not valid YAML"),
        ("a: [1\nb: 2", "bus.yaml:2: not valid YAML"),
        ("- 1", "bus.yaml:1: a model is a mapping that starts with 'library:'"),
        ("library: bus\nsystem: kafka\n", "bus.yaml:1: the key 'modules' is missing"),
        (HEAD + "class: {}\n", "bus.yaml:4: unknown model key 'class'; did you mean 'classes'?"),
        (HEAD + "tier: high\n", "bus.yaml:4: 'tier' must be a whole number"),
        (HEAD + "extends: buss\n", "bus.yaml:4: extends 'buss', which is no library that comes with brokerlint"),
        (
            HEAD + "classes:\n  bus.B:\n    methods:\n      send:\n        rol: produce\n",
            "bus.yaml:8: bus.B: methods: send: unknown operation key 'rol'; did you mean 'role'?",
        ),
        (
            HEAD + "classes:\n  bus.B:\n    methods:\n      send: {role: sends}\n",
            "bus.yaml:7: bus.B: methods: send: 'role' must be one of produce, consume, manage, not 'sends'",
        ),
        (
            HEAD + "classes:\n  bus.B:\n    methods:\n      send: produce\n",
            "bus.yaml:7: bus.B: methods: 'send' must be a mapping",
        ),
        (
            HEAD + "classes:\n  bus.B:\n    like: bus.C\n",
            "bus.yaml:6: bus.B: class 'bus.B' is like 'bus.C', which no model defines",
        ),
        (
            HEAD + "classes:\n  bus.A: {like: bus.B}\n  bus.B: {like: bus.A}\n",
            "bus.yaml:6: bus.B: class 'bus.B' is like itself",
        ),
        (
            HEAD + "functions:\n  bus.f:\n    channel:\n      at: url\n      match: '('\n",
            "bus.yaml:8: bus.f: channel: 'match' must be a regular expression with one group",
        ),
        (
            HEAD + "functions:\n  bus.f:\n    gives:\n      carries:\n        channel: {att: 0}\n",
            "bus.yaml:8: bus.f: gives: carries: channel: unknown argument key 'att'; did you mean 'at'?",
        ),
        (HEAD + "examples:\n  - code: x\n", "bus.yaml:5: the key 'expect' of an example is missing"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_remedy(text: str, says: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(text, "bus.yaml")
    assert str(caught.value) == says


WHOLE = """
library: bus
system: kafka
modules: [bus]
needs: [kafka]
tier: 2
config_keys: {acks: acks}
defaults: {"": {acks: 1}}
objects: {bus.main: bus.Bus}
functions:
  bus.open: {aliases: [bus.api.open], gives: {by: [0, mode], choices: {r: bus.Bus}, carries: {channel: [1]}}}
classes:
  bus.Bus:
    aliases: [bus.core.Bus]
    config: {at: [0, "**"]}
    construct: {role: consume, channel: {at: [0], path: "a[].b", prefix: {at: [1]}, joint: "-", match: "(.)"}}
    attributes: {out: {model: bus.Bus, keyed: [0, 1]}}
    methods:
      send: {role: produce, channel: [0, topic], when: {mode: r}, arguments: {key: key}, also: [{role: manage}]}
examples:
  - {code: "import bus", expect: [{line: 1, role: produce}]}
"""


def places(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value inside ``data``."""
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in steps:
        yield (*path, key)
        yield from places(value, (*path, key))


def complaint(text: str) -> str:
    """What is said about a model, or "fine" when it can be put to use."""
    try:
        index([parse(text, "bus.yaml")])
    except ModelError as error:
        return str(error)
    return "fine"


@pytest.mark.parametrize("odd", [None, True, 7, 1.5, "x", "(", [], [None], [[1]], {}, {"x": 1}, {"at": {}}], ids=repr)
def test_any_odd_value_at_any_place_is_a_model_or_a_clear_mistake(odd: object) -> None:
    whole = yaml.safe_load(WHOLE)
    assert parse(WHOLE, "bus.yaml").classes["bus.Bus"].methods["send"].also
    for path in places(whole):
        data = copy.deepcopy(whole)
        inner = data
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = odd
        assert complaint(yaml.safe_dump(data)).startswith(("bus.yaml:", "fine")), path

"""The configuration: where it is found, what it means, and how mistakes are told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from brokerlint.checking import Finding, Severity
from brokerlint.confidence import Confidence
from brokerlint.config import Config, ConfigError, FailOn, find, from_mapping, load
from brokerlint.topology import ChannelDeclaration

HERE = Path("brokerlint.yaml")

FULL_TOML = """
[tool.brokerlint]
world = "closed"
profile = "strict"
fail_on = "warning:medium"
select = ["ARC"]
include = ["tests", "tools/**"]
exclude = ["legacy/**"]
monitoring = "Datadog"
team_ops_capacity = "low"
ignore = ["ARC123", { check = "ARC111", channel = "sqs:jobs", reason = "blue/green", until = 2027-01-31 }]

[tool.brokerlint.thresholds]
long_work = 10

[tool.brokerlint.environments]
prod = ["deploy/live/**"]

[[tool.brokerlint.channels]]
match = "kafka:orders.*"
external_consumers = ["fraud (repo fraud-svc)"]
needs = { replay = true, ordering = "per-key", volume = "200/s", peak = "2k/s", retention = "30d" }
role = "event"

[[tool.brokerlint.services]]
name = "billing"
roots = ["services/billing"]
tooling = false
"""

FULL_YAML = """
world: closed
profile: strict
fail_on: warning:medium
select: [ARC]
include: [tests, tools/**]
exclude: [legacy/**]
monitoring: Datadog
team_ops_capacity: low
ignore: [ARC123, {check: ARC111, channel: "sqs:jobs", reason: blue/green, until: 2027-01-31}]
thresholds: {long_work: 10}
environments: {prod: [deploy/live/**]}
channels:
- match: kafka:orders.*
  external_consumers: [fraud (repo fraud-svc)]
  needs: {replay: true, ordering: per-key, volume: 200/s, peak: 2k/s, retention: 30d}
  role: event
services:
- {name: billing, roots: [services/billing], tooling: false}
"""


def config(**keys: Any) -> Config:
    return from_mapping(keys, HERE)


def complaint(**keys: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        config(**keys)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestFinding:
    def test_the_nearest_directory_wins(self, tmp_path: Path) -> None:
        (tmp_path / "brokerlint.yaml").write_text("world: closed")
        inner = tmp_path / "services" / "billing"
        inner.mkdir(parents=True)
        assert find(inner) == tmp_path / "brokerlint.yaml"
        (inner / "pyproject.toml").write_text("[tool.brokerlint]\nworld = 'open'\n")
        assert find(inner) == inner / "pyproject.toml"

    def test_a_pyproject_without_a_section_is_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / "pyproject.toml").write_text("[project]\nname = 'brokerlint-demo'\n")
        assert find(tmp_path) is None

    def test_the_search_ends_at_the_top_of_the_work_tree(self, tmp_path: Path) -> None:
        (tmp_path / "brokerlint.yaml").write_text("world: closed")
        (tmp_path / "repo" / ".git").mkdir(parents=True)
        assert find(tmp_path / "repo") is None

    def test_two_files_in_one_directory_compete(self, tmp_path: Path) -> None:
        (tmp_path / "brokerlint.yaml").write_text("")
        (tmp_path / "pyproject.toml").write_text("[tool.brokerlint]\n")
        with pytest.raises(ConfigError, match=r"brokerlint\.yaml and pyproject\.toml both configure"):
            find(tmp_path)


class TestReading:
    def test_toml_and_yaml_say_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(FULL_TOML)
        (tmp_path / "brokerlint.yaml").write_text(FULL_YAML)
        toml, yaml = load(tmp_path / "pyproject.toml"), load(tmp_path / "brokerlint.yaml")
        assert toml.channels == yaml.channels == (
            ChannelDeclaration(
                "kafka:orders.*",
                external_consumers=("fraud (repo fraud-svc)",),
                needs={"replay": True, "ordering": "per-key", "volume": 200, "peak": 2000, "retention": 30 * 86400},
                role="event",
            ),
        )  # fmt: skip
        assert toml.services == yaml.services
        assert toml.ignore == yaml.ignore == ("ARC123",)
        assert toml.fail_on == yaml.fail_on == FailOn(Severity.WARNING, Confidence.MEDIUM)
        assert toml.thresholds == yaml.thresholds == {"long_work": 10}
        assert toml.environments == yaml.environments == {"prod": ("deploy/live/**",)}
        assert toml.include == yaml.include == ("tests", "tools/**")
        assert toml.base == tmp_path

    def test_an_ignore_table_silences_some_findings(self, tmp_path: Path) -> None:
        (tmp_path / "brokerlint.yaml").write_text(FULL_YAML)
        (suppression,) = load(tmp_path / "brokerlint.yaml").suppressions
        assert (suppression.checks, suppression.channel, suppression.until) == (
            ("ARC111",),
            "sqs:jobs",
            date(2027, 1, 31),
        )

    def test_an_empty_file_is_the_default(self, tmp_path: Path) -> None:
        (tmp_path / "brokerlint.yaml").write_text("# nothing yet\n")
        assert load(tmp_path / "brokerlint.yaml").world == "auto"

    def test_declarations_reach_the_topology(self) -> None:
        declared = config(world="closed", monitoring="Grafana", thresholds={"long_work": 9}).declarations()
        assert (declared.world, declared.monitoring, declared.threshold("long_work")) == ("closed", "Grafana", 9)

    @pytest.mark.parametrize(
        ("amount", "per_second"),
        [
            ("200/s", 200),
            ("2k/s", 2000),
            ("1.5M/s", 1_500_000),
            ("120/min", 2),
            ("7200/h", 2),
            ("86400/day", 1),
            (5, 5),
        ],
    )
    def test_volumes_are_messages_a_second(self, amount: object, per_second: float) -> None:
        channel = config(channels=[{"match": "sqs:*", "needs": {"volume": amount}}]).channels[0]
        assert channel.needs["volume"] == pytest.approx(per_second)

    def test_a_wrapper_is_a_model_in_place_or_in_a_file(self, tmp_path: Path) -> None:
        model = "library: acme-bus\nsystem: kafka\nmodules: [acme_bus]\n"
        model += "functions:\n  acme_bus.publish: {role: produce, channel: [0, topic]}\n"
        (tmp_path / "bus.yaml").write_text(model)
        in_file = from_mapping({"wrappers": ["bus.yaml"]}, tmp_path / "brokerlint.yaml").wrappers[0]
        operation = {"role": "produce", "channel": [0, "topic"]}
        in_place = {"library": "acme-bus", "system": "kafka", "modules": ["acme_bus"]}
        in_place["functions"] = {"acme_bus.publish": operation}  # type: ignore[assignment]
        assert in_file.functions == config(wrappers=[in_place]).wrappers[0].functions


class TestFailingLevel:
    def test_by_default_an_error_of_high_confidence_fails(self) -> None:
        failing = config().failing
        assert failing.fails(Finding("X1", "x", Severity.ERROR, Confidence.HIGH, ""))
        assert not failing.fails(Finding("X1", "x", Severity.ERROR, Confidence.MEDIUM, ""))
        assert not failing.fails(Finding("X1", "x", Severity.WARNING, Confidence.CERTAIN, ""))

    def test_a_level_includes_what_is_worse(self) -> None:
        failing = config(fail_on="advice:high").failing
        assert failing.fails(Finding("X1", "x", Severity.ERROR, Confidence.HIGH, ""))
        assert not failing.fails(Finding("X1", "x", Severity.INFO, Confidence.HIGH, ""))

    def test_never_means_never(self) -> None:
        assert not config(fail_on="never").failing.fails(Finding("X1", "x", Severity.ERROR, Confidence.CERTAIN, ""))

    def test_the_advisory_profile_only_advises(self) -> None:
        assert config(profile="advisory").failing == FailOn(None)
        assert config(profile="advisory", fail_on="error").failing == FailOn(Severity.ERROR, Confidence.LOW)


class TestMistakes:
    def test_an_unknown_key_names_the_nearest(self) -> None:
        assert complaint(tresholds={}) == "brokerlint.yaml: unknown key 'tresholds'; did you mean 'thresholds'?"

    def test_an_unknown_key_that_resembles_nothing_lists_what_is_known(self) -> None:
        assert "unknown key 'xyzzy'; known are channels, environments" in complaint(xyzzy=1)

    def test_it_tells_the_table_that_the_key_stands_in(self) -> None:
        message = complaint(channels=[{"match": "sqs:a"}, {"match": "sqs:b", "rol": "event"}])
        assert message == "brokerlint.yaml: channels[1]: unknown key 'rol'; did you mean 'role'?"

    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ({"world": "half"}, "world: expected one of auto, open, closed; found 'half'"),
            ({"world": 3}, "world: expected a text, found 3"),
            ({"profile": "lax"}, "profile: expected one of default, strict, advisory, ALL; found 'lax'"),
            ({"fail_on": "fatal"}, "such as error:high, or never; found 'fatal'"),
            ({"fail_on": "error:sure"}, "fail_on: unknown confidence 'sure'"),
            ({"exclude": ["../x"]}, "exclude: pattern '../x' does not stay below the root"),
            ({"select": [1]}, "select: expected a list of texts, found [1]"),
            ({"thresholds": {"long_wrk": 1}}, "thresholds: unknown key 'long_wrk'; did you mean 'long_work'?"),
            ({"thresholds": {"long_work": -1}}, "thresholds.long_work: expected a number of at least 0, found -1"),
            ({"environments": {"staging": ["x"]}}, "environments: unknown key 'staging'"),
            ({"channels": {"match": "sqs:a"}}, "channels: expected a list"),
            ({"channels": [{}]}, "channels[0].match: missing"),
            ({"channels": [{"match": "orders"}]}, "expected system:name such as 'sqs:orders'"),
            (
                {"channels": [{"match": "sqs:a", "needs": {"volume": "lots"}}]},
                "channels[0].needs.volume: expected an amount",
            ),
            ({"channels": [{"match": "sqs:a", "complete": "yes"}]}, "channels[0].complete: expected true or false"),
            ({"services": [{"name": "a"}]}, "services[0]: a service needs a name and its roots"),
            ({"services": [{"name": "a", "roots": ["../b"]}]}, "services[0].roots: pattern '/../b' does not stay"),
            ({"ignore": [{"reason": "because"}]}, "ignore[0]: names neither a check nor a channel, service or path"),
            ({"ignore": [{"check": "A", "until": "soon"}]}, "ignore[0].until: expected a date such as 2027-01-31"),
            ({"wrappers": [{"library": "x"}]}, "wrappers[0]:1: the key 'system' is missing"),
            ({"wrappers": ["../elsewhere.yaml"]}, "lies outside of the configuration's directory"),
            ({"wrappers": ["missing.yaml"]}, "missing.yaml: cannot be read: No such file or directory"),
        ],
    )
    def test_a_wrong_value_is_told_with_its_key(self, keys: dict[str, Any], message: str) -> None:
        assert message in complaint(**keys)

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("brokerlint.yaml", "world: ]", "brokerlint.yaml:1: not valid YAML"),
            ("brokerlint.yaml", "- world", "expected a table of keys"),
            ("brokerlint.yaml", "a: &a [x, x]\nb: [*a, *a]", "aliases (*name) are not supported"),
            ("brokerlint.yaml", "[" * 5000, "brokerlint.yaml"),
            ("brokerlint.yaml", "a: !!python/object:os.system x", "not valid YAML"),
            ("brokerlint.yaml", "\udcff", "not UTF-8"),
            ("pyproject.toml", "[tool.brokerlint\n", "not valid TOML"),
            ("pyproject.toml", "tool = 3", "expected a table of keys"),
        ],
    )
    def test_a_broken_file_is_told_in_one_sentence(self, tmp_path: Path, name: str, content: str, message: str) -> None:
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

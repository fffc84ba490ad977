"""What changes mean for messages: only where that is more than the change itself says."""

from __future__ import annotations

from typing import Any

import pytest

from brokerlint.changes import changes
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Role, Service
from brokerlint.meaning import with_meaning
from brokerlint.places import Place
from brokerlint.report import render_diff
from brokerlint.topology import build


def use(service: str, role: Role, channel: str, group: str = "", **config: Any) -> Endpoint:
    system, _, name = channel.partition(":")
    names = (ChannelName(system, Name("exact", name, origin="literal")),)
    groups = (Name("exact", group, origin="literal"),) if group else ()
    settings = {key: {"value": value, "origin": "literal"} for key, value in config.items()}
    place, key = Place(f"{service}/app.py", 1), f"{service}{role}{channel}{group}"
    return Endpoint(key, place, "f", system, role, "lib", "call", names, groups, (service,), (), settings)


def system(*endpoints: Endpoint, programs: dict[str, str] | None = None, links: tuple[Link, ...] = ()) -> Facts:
    names = sorted({service for endpoint in endpoints for service in endpoint.services})
    services = tuple(Service(name, program=(programs or {}).get(name, name)) for name in names)
    return Facts(services, (), endpoints, links)


def declared(system: str, kind: str, **properties: Any) -> Facts:
    name = Name("exact", "orders", origin="manifest")
    return Facts(channels=(Channel(f"{system}:orders", system, kind, name, properties, (), (Place("t.yaml", 1),)),))


def meanings(base: Facts, head: Facts) -> list[str]:
    before, after = build(base), build(head)
    return [change.meaning for change in with_meaning(changes(before, after), before, after) if change.meaning]


SHOP = use("shop", "produce", "sqs:orders")
BILLING, MAIL = (use(service, "consume", "sqs:orders") for service in ("billing", "mail"))


class TestConsumers:
    def test_a_second_consumer_of_a_queue_takes_messages_from_the_first(self) -> None:
        assert meanings(system(SHOP, BILLING), system(SHOP, BILLING, MAIL)) == [
            "each message of 'orders' now reaches only one of billing and mail",
        ]

    def test_another_deployment_of_one_program_shares_the_work(self) -> None:
        one = {"billing": "image:1", "mail": "image:1"}
        assert meanings(system(SHOP, BILLING, programs=one), system(SHOP, BILLING, MAIL, programs=one)) == []

    def test_a_second_reader_of_a_topic_takes_nothing(self) -> None:
        readers = [use(name, "consume", "sns:orders") for name in ("billing", "mail")]
        assert meanings(system(readers[0]), system(*readers)) == []

    def test_the_first_consumer_of_what_is_sent_already(self) -> None:
        assert meanings(system(SHOP), system(SHOP, BILLING)) == [
            "so far nothing that was scanned consumed what is sent to 'orders'",
        ]

    def test_the_last_consumer_leaves_while_messages_still_come(self) -> None:
        assert meanings(system(SHOP, BILLING), system(SHOP)) == [
            "nothing that was scanned consumes from 'orders' any more (still produced by shop)",
        ]

    def test_the_one_that_stays_gets_all(self) -> None:
        assert meanings(system(SHOP, BILLING, MAIL), system(SHOP, MAIL)) == ["mail now gets every message of 'orders'"]

    def test_a_new_channel_with_both_ends_needs_no_words(self) -> None:
        assert meanings(system(), system(SHOP, BILLING)) == []


class TestProducers:
    def test_the_last_producer_leaves_while_somebody_waits(self) -> None:
        assert meanings(system(SHOP, BILLING), system(BILLING)) == [
            "nothing that was scanned produces to 'orders' any more (still consumed by billing)",
        ]

    def test_somebody_produces_at_last(self) -> None:
        assert meanings(system(BILLING), system(SHOP, BILLING)) == [
            "so far nothing that was scanned produced to 'orders' (consumed by billing)",
        ]


class TestChannels:
    def test_a_channel_with_the_same_users_is_the_old_one_renamed(self) -> None:
        renamed = (use("shop", "produce", "sqs:orders-v2"), use("billing", "consume", "sqs:orders-v2"))
        assert meanings(system(SHOP, BILLING), system(*renamed)) == [
            "the same services now use 'orders-v2' instead: messages still in the old one are not moved",
        ]

    def test_another_user_makes_it_another_channel(self) -> None:
        other = (use("shop", "produce", "sqs:orders-v2"), use("mail", "consume", "sqs:orders-v2"))
        assert meanings(system(SHOP, BILLING), system(*other)) == []


class TestGroups:
    OLD = use("mail", "consume", "kafka:orders", "mail")

    @pytest.mark.parametrize(
        ("reset", "start"),
        [
            ("earliest", "reads all retained records again"),
            ("latest", "skips what arrives before it first starts"),
            (None, "where it starts is up to auto.offset.reset"),
        ],
    )
    def test_a_renamed_group_starts_by_its_reset_policy(self, reset: str | None, start: str) -> None:
        config = {"auto_offset_reset": reset} if reset else {}
        new = use("mail", "consume", "kafka:orders", "mail-v2", **config)
        assert meanings(system(self.OLD), system(new)) == [f"the new group has no committed offsets: {start}"]

    def test_a_further_group_gets_a_copy(self) -> None:
        audit = use("audit", "consume", "kafka:orders", "audit")
        assert meanings(system(self.OLD), system(self.OLD, audit)) == [
            "a group of its own: it gets every record of 'orders', beside the groups there are",
        ]


class TestProperties:
    @pytest.mark.parametrize(
        ("kind", "name", "before", "after", "meaning"),
        [
            ("kafka", "partitions", 3, 6, "a key can move to another partition"),
            ("kafka", "partitions", 6, 3, "partitions cannot be taken away"),
            ("kafka", "retention", 604_800, 86_400, "what is older than 1 day is deleted"),
            ("kafka", "retention", -1, 90, "what is older than 90 seconds is deleted"),
            ("kafka", "replication_factor", 3, 1, "one broker's loss"),
            ("kafka", "cleanup_policy", "delete", "compact", "only the last record of each key"),
            ("kafka", "cleanup_policy", "compact", "delete", "no longer stays for ever"),
            ("sqs", "visibility_timeout", 300, 60, "takes longer than 1 minute is received again"),
            ("sqs", "fifo", False, True, "cannot change its type"),
            ("sqs", "dead_letter", "sqs:dead", None, "tried again until it expires"),
        ],
    )
    def test_a_property_that_changes_what_happens(
        self, kind: str, name: str, before: Any, after: Any, meaning: str
    ) -> None:
        (found,) = meanings(declared(kind, "x", **{name: before}), declared(kind, "x", **{name: after}))
        assert meaning in found

    @pytest.mark.parametrize(
        ("name", "before", "after"),
        [
            ("retention", 60, 120),
            ("retention", 60, -1),
            ("visibility_timeout", 60, 90),
            ("partitions", None, 6),
            ("partitions", "${var.count}", 6),
            ("replication_factor", 1, 3),
            ("alarms", None, "depth"),
        ],
    )
    def test_one_that_does_not_or_was_not_known(self, name: str, before: Any, after: Any) -> None:
        assert meanings(declared("sqs", "queue", **{name: before}), declared("sqs", "queue", **{name: after})) == []

    def test_a_queue_without_its_dead_letters(self) -> None:
        redrive = Link("redrive", "sqs:orders", "sqs:dead", Place("main.tf", 9), {"max_receive_count": 5})
        assert meanings(system(SHOP, BILLING, links=(redrive,)), system(SHOP, BILLING)) == [
            "what cannot be handled from 'orders' is tried again until it expires",
        ]


class TestReports:
    def report(self, output: str, base: Facts, head: Facts) -> str:
        before, after = build(base), build(head)
        return render_diff(output, with_meaning(changes(before, after), before, after), (before, after))

    def test_text_tells_the_meaning_below_the_change(self) -> None:
        lines = self.report("text", system(SHOP, BILLING), system(SHOP, BILLING, MAIL)).splitlines()
        assert lines[-2].startswith("+ mail now consumes from sqs queue 'orders'")
        assert lines[-1] == "    each message of 'orders' now reaches only one of billing and mail"

    def test_a_comment_starts_with_a_picture_of_what_changed(self) -> None:
        base, head = system(SHOP, BILLING), system(SHOP, MAIL, use("far", "produce", "kafka:other"))
        text = self.report("markdown", system(*base.endpoints, use("far", "produce", "kafka:other")), head)
        assert text.index("```mermaid") < text.index("**Services**")
        assert text.partition("```mermaid\n")[2].partition("```")[0] == (
            "flowchart LR\n"
            '  n0["billing"]:::removed\n'
            '  n1["mail"]:::added\n'
            '  n2["shop"]\n'
            '  n3[["sqs queue orders"]]\n'
            "  n2 --> n3\n"
            "  n3 -. gone .-> n0\n"
            "  n3 ==>|new| n1\n"
            "  classDef added stroke:#1a7f37,stroke-width:3px\n"
            "  linkStyle 2 stroke:#1a7f37,stroke-width:3px\n"
            "  classDef removed stroke:#cf222e,stroke-dasharray:5 4\n"
            "  linkStyle 1 stroke:#cf222e,stroke-dasharray:5 4\n"
        )

    def test_a_comment_tells_what_it_means_first(self) -> None:
        text = self.report("markdown", system(SHOP, BILLING), system(SHOP))
        assert "**nothing that was scanned consumes from 'orders' any more" in text.partition("```mermaid")[0]

    def test_a_large_change_is_folded_and_stays_a_comment(self) -> None:
        many = [use(f"s{index}", "produce", f"kafka:t{index}") for index in range(300)]
        text = self.report("markdown", system(), system(*many))
        assert "<details><summary>900 changes</summary>" in text
        assert "240 more are left out" in text
        assert len(text) < 65_536
        assert "```mermaid" not in text

    def test_many_changes_by_one_service_or_at_one_channel_are_one_line(self) -> None:
        topics = [use("shop", "produce", f"kafka:t{index}") for index in range(4)]
        readers = [use(f"s{index}", "consume", "kafka:t0", f"g{index}") for index in range(6)]
        text = self.report("markdown", system(), system(*topics, *readers)).replace("\\", "")
        assert "shop now produces to t0, t1, t2 and t3\n" in text
        assert "each of s0, s1, s2, s3 and 2 others now consumes from kafka t0\n" in text

    def test_hostile_names_stay_labels(self) -> None:
        hostile = 'x"]\n```\n<script>|--> end %% `;'
        text = self.report("markdown", system(SHOP), system(SHOP, use(hostile, "consume", f"sqs:{hostile}")))
        assert text.count("```") == 2
        assert "<script>" not in text
        assert not any(line.startswith(("```\n<", "<script")) for line in text.splitlines())

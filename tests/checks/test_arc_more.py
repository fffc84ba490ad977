"""The other checks of architecture: what they find and what silences them."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ask, levels
from systems import channel_name, consume, declared, declaring, link, produce, service, system, works

from brokerlint.places import Place

HERE = Place("x.py", 9)


# ARC102, ARC103
def around_topic(*more: Any, **about: Any) -> Any:
    facts = {"group": "g", "compares_attempt": [HERE], "waits_until": [HERE], **about}
    return system(consume("kafka:mail", by="mailer", **facts), *more)


def test_two_rebuilt_features():
    (finding,) = ask("ARC102", around_topic())
    assert "attempt counter, delayed retry" in finding.message


def test_one_feature_is_not_enough_nor_two_with_a_second_group():
    assert ask("ARC102", around_topic(waits_until=[])) == ()
    assert ask("ARC102", around_topic(consume("kafka:mail", by="b", group="other"))) == ()
    assert ask("ARC102", around_topic(order_use=[HERE])) == ()
    assert ask("ARC102", around_topic(group_kind="share")) == ()


def slow(*more: Any, **about: Any) -> Any:
    facts = {"group": "g", "handoff": "none", "work_seconds": 30, **about}
    return system(produce("kafka:v", key={"kind": "none"}), consume("kafka:v", by="w", **facts), *more)


def test_slow_work_in_the_polling_thread():
    assert levels("ARC103", slow()) == [("warning", "medium")]
    assert levels("ARC103", slow(work_seconds=None, config={"max_poll_interval": 3600000})) == [("warning", "medium")]


@pytest.mark.parametrize(
    "about",
    [{"work_seconds": 1}, {"handoff": "thread-pool"}, {"pauses": True}, {"order_use": [HERE]}, {"group_kind": "share"},
     {"entry_kind": "cron"}],
)  # fmt: skip
def test_slow_work_that_is_fine(about: dict[str, Any]):
    assert ask("ARC103", slow(**about)) == ()


# ARC112, ARC125
def fan_out(**about: Any) -> Any:
    facts = {"function": "send", "path": "shop.py", "payload": "p", "conditional": False, **about}
    return system(produce("sqs:a", **facts), produce("sqs:b", **facts))


def test_the_same_payload_to_two_queues():
    (finding,) = ask("ARC112", fan_out())
    assert finding.channels == ("sqs:a", "sqs:b")


@pytest.mark.parametrize(
    "about", [{"conditional": True}, {"fallback": True}, {"in_except": True}, {"entry_kind": "cli"}]
)
def test_sends_that_are_no_fan_out(about: dict[str, Any]):
    assert ask("ARC112", fan_out(**about)) == ()


def test_a_loop_over_channels_needs_an_equal_payload():
    def loop(invariant: bool) -> Any:
        return system(produce("sqs:a", "sqs:b", loop="over-channels", payload_loop_invariant=invariant))

    assert len(ask("ARC112", loop(True))) == 1
    assert ask("ARC112", loop(False)) == ()


def test_a_loop_over_a_list_that_holds_one_channel_is_no_fan_out():
    assert ask("ARC112", system(produce("sqs:a", loop="over-channels", payload_loop_invariant=True))) == ()


def looping(*channels: Any, **about: Any) -> Any:
    return system(produce(*channels, loop="over-channels", payload_loop_invariant=True, **about))


def test_a_loop_over_one_variable_that_each_service_sets_or_leaves_to_its_default_is_no_fan_out():
    told = [
        channel_name(f"kafka:{text}", env="TOPIC", service=by) for text, by in (("a", "x"), ("b", "y"), ("c", None))
    ]
    assert ask("ARC112", looping(*told, channel_name("kafka:$TOPIC"), by=("x", "y", "z"))) == ()
    listed = [channel_name(f"kafka:{text}", env="TOPICS", service="x") for text in ("a", "b")]
    assert len(ask("ARC112", looping(*listed, by="x"))) == 1
    assert len(ask("ARC112", looping(told[0], channel_name("kafka:$OTHER"), by="x"))) == 1


def test_what_a_wrapper_loops_over_is_not_known_where_its_channels_are_not():
    assert ask("ARC112", looping("kafka:?", chain=HERE)) == ()
    assert len(ask("ARC112", looping("kafka:?"))) == 1


def test_different_payloads_one_queue_and_audit_copies_are_fine():
    facts = {"function": "send", "path": "shop.py", "conditional": False}
    assert ask("ARC112", system(produce("sqs:a", payload="p", **facts), produce("sqs:b", payload="q", **facts))) == ()
    assert ask("ARC112", system(produce("sqs:a", payload="p", **facts), produce("sqs:a", payload="p", **facts))) == ()
    audit = declaring("sqs:b", role="audit")
    both = (produce("sqs:a", payload="p", **facts), produce("sqs:b", payload="p", **facts))
    assert ask("ARC112", system(*both, declarations=audit)) == ()


def test_one_event_to_two_systems():
    facts = {"function": "f", "path": "x.py", "payload": "p", "conditional": False}
    assert len(ask("ARC125", system(produce("sqs:a", **facts), produce("kafka:a", **facts)))) == 1
    assert ask("ARC125", system(produce("sqs:a", **facts), produce("kafka:a", **{**facts, "fallback": True}))) == ()
    assert ask("ARC125", system(produce("sqs:a", **facts), produce("sqs:b", **facts))) == ()


# ARC113
def test_an_archive_with_a_resender():
    kept = {"stores_body": [{"store": "s3", "place": HERE}]}
    resend = produce("sqs:q", by="tool", replays_from="s3")
    assert levels("ARC113", system(consume("sqs:q", by="a", **kept), resend)) == [("advice", "medium")]
    assert levels("ARC113", system(consume("sqs:q", by="a", **kept))) == [("info", "low")]
    assert levels("ARC113", system(consume("sqs:q", by="a", **kept), produce("sqs:q", replays_from="db"))) == [
        ("info", "low")
    ]
    assert ask("ARC113", system(consume("sqs:q-dlq", by="a", **kept), produce("sqs:q-dlq", replays_from="s3"))) == ()


def test_peeking_at_a_queue():
    def peek(**about: Any) -> Any:
        return system(consume("sqs:q", **{"visibility": 0, "acks": [], **about}))

    assert len(ask("ARC113", peek())) == 1
    assert ask("ARC113", peek(acks=[{"kind": "delete"}])) == ()
    assert ask("ARC113", peek(visibility=30)) == ()
    assert ask("ARC113", peek(entry_kind="cli")) == ()
    assert ask("ARC113", system(consume("sqs:q", visibility=0))) == ()


# ARC114, ARC115
def test_a_consumer_that_picks():
    facts = {"skip_paths": [{"kind": "visibility-zero", "on": "field", "place": HERE}], "acks": [{"kind": "delete"}]}
    assert len(ask("ARC114", system(consume("sqs:q", **facts)))) == 1
    assert ask("ARC114", system(consume("sqs:q.fifo", **facts))) == ()
    waits = {**facts, "skip_paths": [{"kind": "visibility-zero", "on": "attempt"}]}
    assert ask("ARC114", system(consume("sqs:q", **waits))) == ()


def test_an_aggregation_over_a_queue():
    state = {"container": "totals", "keyed": True, "flush": "time", "acks": "before", "place": HERE}
    assert len(ask("ARC115", system(consume("sqs:q", state=state)))) == 1
    for fine in ({"flush": "size"}, {"acks": "after"}, {"keyed": False}, {"store": "db"}):
        assert ask("ARC115", system(consume("sqs:q", state={**state, **fine}))) == ()


# ARC121
def call(**about: Any) -> Any:
    facts = {"waits_for_reply": [HERE], "headers": ["correlation_id"], **about}
    return system(produce("kafka:req", by="gateway", **facts))


def test_a_call_in_disguise():
    assert levels("ARC121", call()) == [("advice", "medium")]
    assert levels("ARC121", call(entry_kind="http")) == [("warning", "medium")]
    assert ask("ARC121", call(waits_for_reply=[])) == ()
    assert ask("ARC121", call(headers=[])) == ()


def test_the_answering_service_is_evidence_too():
    parts = (
        produce("kafka:req", by="gateway", waits_for_reply=[HERE]), consume("kafka:rep", by="gateway", group="g"),
        consume("kafka:req", by="pricing", group="p"), produce("kafka:rep", by="pricing"),
    )  # fmt: skip
    (finding,) = ask("ARC121", system(*parts))
    assert finding.channels == ("kafka:req", "kafka:rep")
    assert ask("ARC121", system(*parts, consume("kafka:rep", by="report", group="r"))) == ()
    assert ask("ARC121", system(*parts, declarations=declaring("kafka:req", rpc="buffered"))) == ()


def test_waiting_for_a_task():
    task = produce("sqs:celery", by="web", library="celery", waits_for_reply=[HERE], entry_kind="http")
    assert levels("ARC121", system(task)) == [("warning", "medium")]


# ARC122
def ring(**about: Any) -> Any:
    return system(
        consume("sqs:q", by="fn", function="h", line=1),
        produce("sqs:q", by="fn", function="h", line=2, **{"conditional": False, **about}),
        link("event_source_mapping", "sqs:q", "service:fn"),
    )


def test_a_function_that_feeds_itself():
    assert levels("ARC122", ring()) == [("error", "high")]
    assert levels("ARC122", ring(conditional=True)) == [("warning", "medium")]
    assert ask("ARC122", ring(guards=[{"on": "depth"}])) == ()
    assert ask("ARC122", ring(in_except=True)) == ()


def test_recursion_can_be_allowed():
    allowed = service("fn", properties={"recursive_loop": "Allow"})
    parts = (consume("sqs:q", by="fn", function="h", line=1), produce("sqs:q", by="fn", function="h", line=2))
    assert ask("ARC122", system(allowed, *parts)) == ()


def test_scheduling_oneself_is_advice():
    topology = system(
        consume("sqs:q", by="w", function="h", line=1),
        produce("sqs:q", by="w", function="h", line=2, delay=60, conditional=False),
    )  # fmt: skip
    assert levels("ARC122", topology) == [("advice", "high")]


def test_event_types_can_end_the_circle():
    parts = [
        consume("sqs:a", by="x", function="h", line=1, event_types=["created"]),
        produce("sqs:b", by="x", function="h", line=2, event_type="billed", conditional=False),
        consume("sqs:b", by="y", function="h", line=1, event_types=["billed"]),
        produce("sqs:a", by="y", function="h", line=2, event_type="paid", conditional=False),
    ]
    assert ask("ARC122", system(*parts)) == ()


# ARC124, ARC126
def test_a_channel_per_entity():
    hole = {"class": "entity", "text": "user_id"}
    assert len(ask("ARC124", system(produce("kafka:user-*", name_holes=[hole])))) == 1
    assert ask("ARC124", system(produce("kafka:user-*", name_holes=[{"class": "stage"}]))) == ()
    assert ask("ARC124", system(produce("kafka:user-*", name_holes=[{**hole, "finite": True}]))) == ()
    assert ask("ARC124", system(consume("kafka:user-*", name_holes=[hole]))) == ()


def test_publishing_beside_a_database():
    def at(position: str, **about: Any) -> Any:
        return system(produce("kafka:t", db_writes=[{"position": position, "place": HERE}], **about))

    assert levels("ARC126", at("inside")) == [("warning", "medium")]
    assert levels("ARC126", at("before")) == [("advice", "medium")]
    assert levels("ARC126", at("inside", on_commit=True)) == [("info", "low")]
    assert ask("ARC126", at("after")) == ()
    assert ask("ARC126", at("inside", outbox=True)) == ()


def test_publishing_to_an_unknown_channel_beside_a_database_is_low():
    writes = [{"position": "before", "place": HERE}]
    assert levels("ARC126", system(produce("sns:?", db_writes=writes))) == [("advice", "low")]


# ARC132, ARC133
def test_orphans_are_told_with_what_was_scanned():
    (finding,) = ask("ARC132", system(produce("sqs:q", by="a")))
    assert finding.message == "queue 'q' is written, and nobody reads it in the 1 service scanned"
    assert finding.confidence.word == "low"
    assert levels("ARC132", system(declared("sqs:q"))) == [("warning", "high")]


def test_explained_orphans_are_silent():
    assert ask("ARC132", system(declared("sqs:q-dlq"))) == ()
    assert ask("ARC132", system(produce("kafka:t"), link("connector", "kafka:t", "external:x"))) == ()
    assert ask("ARC132", system(produce("kafka:t"), declarations=declaring("kafka:t", external_consumers=("x",)))) == ()
    assert ask("ARC132", system(produce("kafka:$T"))) == ()


def test_a_name_that_drifted():
    assert len(ask("ARC133", system(declared("sqs:customer-orders"), produce("sqs:customer-order")))) == 1
    assert len(ask("ARC133", system(declared("sqs:orders.fifo"), produce("sqs:orders")))) == 1
    assert ask("ARC133", system(declared("sqs:customer-orders"), produce("sqs:invoices"))) == ()
    assert ask("ARC133", system(declared("sqs:orders"), produce("sqs:orders2"))) == ()
    busy = system(declared("sqs:customer-orders"), produce("sqs:customer-orders"), produce("sqs:customer-order"))
    assert ask("ARC133", busy) == ()


# ARC134
def fed(properties: dict[str, Any], paths: list[str], kind: str = "subscription", *more: Any) -> Any:
    source = "sns:t" if kind == "subscription" else "eventbridge:bus"
    return system(link(kind, source, "sqs:q", **properties), consume("sqs:q", by="a", body_paths=paths), *more)


def test_an_envelope_that_is_not_unwrapped():
    assert levels("ARC134", fed({}, ["id"])) == [("error", "high")]
    assert levels("ARC134", fed({"raw_delivery": True}, ["Message"])) == [("error", "high")]
    assert levels("ARC134", fed({}, ["order_id"], "rule")) == [("error", "high")]


@pytest.mark.parametrize(
    ("properties", "paths", "kind"),
    [({}, ["Message"], "subscription"), ({"raw_delivery": True}, ["id"], "subscription"), ({}, [], "subscription"),
     ({}, ["Message", "id"], "subscription"), ({}, ["detail"], "rule"), ({"input_path": "$.detail"}, ["id"], "rule"),
     ({}, ["id"], "pipe")],
)  # fmt: skip
def test_shapes_that_fit_or_are_not_known(properties: dict[str, Any], paths: list[str], kind: str):
    assert ask("ARC134", fed(properties, paths, kind)) == ()


def test_another_producer_that_fits_silences_it():
    assert ask("ARC134", fed({}, ["id"], "subscription", produce("sqs:q", by="b"))) == ()


def test_encodings_that_do_not_match():
    def coded(writes: str, reads: str) -> Any:
        return system(produce("kafka:t", serializer=writes), consume("kafka:t", by="b", deserializer=reads))

    assert len(ask("ARC134", coded("avro", "json"))) == 1
    assert len(ask("ARC134", coded("json", "avro"))) == 1
    assert ask("ARC134", coded("json", "json")) == ()


# ARC135
def test_order_that_is_lost_on_the_way():
    assert len(ask("ARC135", system(consume("sqs:q", order_use=[HERE])))) == 1
    assert ask("ARC135", system(consume("sqs:q.fifo", order_use=[HERE]))) == ()
    assert ask("ARC135", system(consume("sqs:q", order_use=[HERE], idempotency=[HERE]))) == ()
    unkeyed = (produce("kafka:t", key={"kind": "none"}), consume("kafka:t", by="b", order_use=[HERE]))
    assert len(ask("ARC135", system(*unkeyed))) == 1
    assert ask("ARC135", system(declared("kafka:t", partitions=1), *unkeyed)) == ()


def test_a_hop_before_the_queue_counts():
    topology = system(link("subscription", "sns:t", "sqs:q.fifo"), consume("sqs:q.fifo", order_use=[HERE]))
    (finding,) = ask("ARC135", topology)
    assert "topic 't' is not FIFO" in finding.message


def test_each_message_once_must_be_cared_for():
    once = declaring("sqs:q", needs={"exactly_once": True})
    assert len(ask("ARC135", system(consume("sqs:q", idempotency=[]), declarations=once))) == 1
    assert ask("ARC135", system(consume("sqs:q", idempotency=[HERE]), declarations=once)) == ()
    assert ask("ARC135", system(consume("sqs:q"), declarations=once)) == ()


def test_a_chain_needs_a_closed_world():
    def chain(level: str) -> Any:
        parts = []
        for number, (source, target) in enumerate((("a", "b"), ("b", "c"), ("c", "d"))):
            send = produce(f"sqs:{target}", by=f"s{number}", function="h", path=f"s{number}.py", line=2)
            effects = [{"class": level, "place": Place(f"s{number}.py", 2)}]
            parts += [
                consume(f"sqs:{source}", by=f"s{number}", function="h", path=f"s{number}.py", line=1, effects=effects),
                send,
            ]
        return system(*parts, declarations=declaring("sqs:*", complete=True))

    assert levels("ARC123", chain("produce")) == [("info", "low")]
    assert ask("ARC123", chain("db")) == ()
    assert works("db") != []

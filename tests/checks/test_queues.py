"""The checks of queues and Celery: what they find and what silences them."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ask, levels
from systems import consume, declared, declaring, endpoint, link, produce, service, system, works

from brokerlint.places import Place

HERE = Place("x.py", 9)


# SQS101
def polls(*more: Any, **about: Any) -> Any:
    return system(
        consume("sqs:q", **{"loop": "forever", "wait_time": None, "operation": "receive_message", **about}), *more
    )


def test_polling_without_waiting():
    (finding,) = ask("SQS101", polls())
    assert finding.confidence.word == "medium"
    assert "131.4 million" in finding.message
    assert levels("SQS101", polls(wait_time=0)) == [("warning", "high")]
    assert levels("SQS101", polls(declared("sqs:q", wait_time=0))) == [("warning", "high")]
    assert levels("SQS101", polls(declared("sqs:q"))) == [("warning", "high")]


def test_its_fix_is_safe_only_for_one_queue_in_place():
    (finding,) = ask("SQS101", polls(client_read_timeout=None))
    assert finding.fix.safe
    assert not ask("SQS101", polls())[0].fix.safe
    assert (finding.fix.edits[0].keyword, finding.fix.edits[0].value) == ("WaitTimeSeconds", "20")
    assert not ask("SQS101", polls(client_read_timeout=10))[0].fix.safe
    assert ask("SQS101", polls(loop="over-channels", loop_kind="while-true"))[0].fix is None


@pytest.mark.parametrize(
    "about",
    [
        {"wait_time": 20},
        {"loop": "none", "loop_kind": "once"},
        {"sleep_between": 30},
        {"stops_on_empty": True},
        {"library": "celery"},
    ],
)
def test_polling_that_is_fine(about: dict[str, Any]):
    assert ask("SQS101", polls(**about)) == ()


def test_what_an_idle_worker_asks_for_is_told_only_where_its_pauses_are_known():
    (known,), (unknown,) = ask("SQS101", polls(sleep_between=1)), ask("SQS101", polls(sleeps_unknown=True))
    assert "million empty requests" in known.message
    assert "million" not in unknown.message


def test_an_unknown_wait_time_is_silent():
    assert ask("SQS101", system(consume("sqs:q", loop="forever"))) == ()
    assert ask("SQS101", polls(declared("sqs:q", wait_time=20))) == ()


def test_a_queue_whose_attributes_are_set_in_code_may_make_receivers_wait():
    makes = endpoint("manage", "sqs:q", operation="create_queue")
    assert ask("SQS101", polls(makes)) == ()
    assert levels("SQS101", polls(makes, wait_time=0)) == [("warning", "high")]


def test_a_receive_that_two_services_share_is_told_once_and_where_it_stands():
    shared = {"loop": "forever", "wait_time": None, "chain": Place("lib/poll.py", 7), "sleep_between": 10}
    (finding,) = ask("SQS101", system(consume("sqs:?", by="a", **shared), consume("sqs:?", by="b", **shared)))
    assert (finding.place.path, finding.place.line) == ("lib/poll.py", 7)
    assert finding.message.startswith("lib/poll.py polls a queue of unknown name without waiting")
    assert "$" not in finding.message


# SQS102
def receives(*more: Any, channel: str = "sqs:q", **about: Any) -> Any:
    return system(consume(channel, **{"acks": [], "messages_escape": False, "loop_kind": "while-true", **about}), *more)


def test_messages_that_nobody_deletes():
    assert levels("SQS102", receives()) == [("error", "high")]
    (finding,) = ask("SQS102", receives(declared("sqs:q", visibility_timeout=90)))
    assert "after 90 s until it expires" in finding.message


@pytest.mark.parametrize(
    "about",
    [
        {"acks": [{"kind": "delete"}]},
        {"acks": [{"kind": "delete-batch"}]},
        {"messages_escape": True},
        {"visibility": 0},
        {"loop_kind": "lambda-handler"},
        {"loop_kind": "framework-task"},
        {"entry_kind": "test"},
        {"channel": "sqs:q-dlq"},
    ],
)
def test_messages_that_are_deleted_or_may_be(about: dict[str, Any]):
    assert ask("SQS102", receives(**about)) == ()


def test_what_is_not_known_is_silent():
    assert ask("SQS102", system(consume("sqs:q"))) == ()
    assert ask("SQS102", system(consume("sqs:q", acks=[]))) == ()


def test_a_delete_elsewhere_in_the_service_counts():
    assert ask("SQS102", receives(consume("sqs:q", by="app", path="other.py", acks=[{"kind": "delete"}]))) == ()


# SQS103
def removes(position: str, *more: Any, **about: Any) -> Any:
    acks = [{"kind": "delete", "position": position, "place": HERE, **about.pop("ack", {})}]
    return system(consume("sqs:q", **{"acks": acks, "effects": works("http"), **about}), *more)


@pytest.mark.parametrize("position", ["before", "finally", "always"])
def test_a_delete_that_does_not_wait_for_success(position: str):
    assert levels("SQS103", removes(position)) == [("error", "high")]


def test_a_delete_that_does():
    assert ask("SQS103", removes("after")) == ()
    assert ask("SQS103", removes("finally", try_shape={"to_dlq": True})) == ()
    assert ask("SQS103", removes("except")) == ()
    assert len(ask("SQS103", removes("except", ack={"broad": True}))) == 1
    assert ask("SQS103", removes("before", effects=[])) == ()
    quiet = system(
        consume("sqs:q", acks=[{"kind": "delete", "position": "before"}], effects=works("db")),
        declarations=declaring("sqs:q", best_effort=True),
    )
    assert ask("SQS103", quiet) == ()


def test_a_function_that_catches_everything():
    shape = {"broad": True, "swallows": True, "logs_only": True, "place": HERE}

    def handler(**about: Any) -> Any:
        return system(
            consume("sqs:q", loop_kind="lambda-handler", effects=works("db"), **{"try_shape": shape, **about})
        )

    assert len(ask("SQS103", handler())) == 1
    assert ask("SQS103", handler(acks=[{"kind": "return-failures"}])) == ()
    assert ask("SQS103", handler(try_shape={**shape, "re_raises": True})) == ()


# SQS104, EVT101, KIN101
@pytest.mark.parametrize(
    ("check", "channel", "call"),
    [
        ("SQS104", "sqs:q", "send_message_batch"),
        ("EVT101", "eventbridge:b", "put_events"),
        ("EVT101", "sns:t", "publish_batch"),
        ("KIN101", "kinesis:s", "put_records"),
        ("KIN101", "firehose:s", "put_record_batch"),
    ],
)
def test_failures_that_nobody_reads(check: str, channel: str, call: str):
    def sends(response: str) -> Any:
        return system(produce(channel, operation=call, batch=True, response=response))

    assert levels(check, sends("dropped")) == [("error", "high")]
    assert levels(check, sends("used")) == [("error", "high")]
    assert ask(check, sends("returned")) == ()
    assert ask(check, sends("failures-read")) == ()
    assert ask(check, system(produce(channel, operation=call, batch=True))) == ()


def test_an_unread_batch_of_deletes():
    acks = [{"kind": "delete-batch", "place": HERE, "response": "dropped"}]
    assert len(ask("SQS104", system(consume("sqs:q", acks=acks)))) == 1


@pytest.mark.parametrize(
    ("check", "channel", "call"),
    [("SQS104", "sqs:q", "send_message_batch"), ("EVT101", "eventbridge:b", "put_events")],
)
def test_what_a_wrapper_ignores_is_told_once_for_all_its_callers(check: str, channel: str, call: str):
    facts = {"operation": call, "batch": True, "response": "dropped", "chain": Place("lib/bus.py", 7)}
    (finding,) = ask(check, system(produce(channel, by="a", **facts), produce(channel, by="b", **facts)))
    assert (finding.place.path, finding.services) == ("lib/bus.py", ("a", "b"))


def test_a_tool_that_ignores_failures_is_advice():
    sends = produce("sqs:q", operation="send_message_batch", batch=True, response="dropped", entry_kind="cli")
    assert levels("SQS104", system(sends)) == [("advice", "high")]


def test_best_effort_is_advice():
    assert levels(
        "EVT101", system(produce("eventbridge:b", operation="put_events", response="dropped", best_effort=True))
    ) == [("advice", "high")]


# SQS105
NONE = {"kind": "none"}


@pytest.mark.parametrize(
    ("channel", "about", "words"),
    [
        ("sqs:q.fifo", {"group_id": NONE}, "needs a MessageGroupId"),
        ("sqs:q.fifo", {"delay": 5}, "no DelaySeconds"),
        ("sqs:q", {"dedup_id": {"kind": "field"}}, "takes no MessageDeduplicationId"),
        ("sqs:q", {"delay": 901}, "at most 900"),
        ("sqs:q", {"max_entries": 11}, "at most 10"),
        ("sqs:q", {"equal_entry_ids": True}, "same Id"),
    ],
)
def test_calls_that_are_refused(channel: str, about: dict[str, Any], words: str):
    (finding,) = ask("SQS105", system(produce(channel, **about)))
    assert words in finding.message
    assert finding.confidence.word == "certain"


def test_calls_that_are_accepted():
    assert ask("SQS105", system(produce("sqs:q", group_id={"kind": "field"}, delay=900))) == ()
    assert ask("SQS105", system(produce("sqs:$URL", group_id=NONE))) == ()
    assert ask("SQS105", system(produce("sqs:q.fifo"))) == ()
    assert ask("SQS105", system(produce("sqs:q.fifo", group_id=NONE, batch=True))) == ()


def test_deduplication_is_needed_when_it_is_known_to_be_off():
    send = produce("sqs:q.fifo", group_id={"kind": "field"}, dedup_id=NONE)
    assert ask("SQS105", system(send)) == ()
    assert len(ask("SQS105", system(send, declared("sqs:q.fifo", content_deduplication=False)))) == 1


# SQS106, SQS107
def test_groups_that_defeat_fifo():
    const = {"group_id": {"kind": "const", "text": "all"}}
    assert levels("SQS106", system(produce("sqs:q.fifo", **const))) == [("warning", "high")]
    assert levels("SQS106", system(produce("sqs:q.fifo", group_id={"kind": "random"}))) == [("warning", "high")]
    assert levels("SQS106", system(produce("sqs:q", group_id={"kind": "random"}))) == [("info", "high")]
    assert ask("SQS106", system(produce("sqs:q.fifo", **const, entry_kind="cron"))) == ()
    assert (
        ask("SQS106", system(produce("sqs:q.fifo", **const), produce("sqs:q.fifo", group_id={"kind": "field"}))) == ()
    )


def test_work_longer_than_the_visibility():
    def work(*more: Any, **about: Any) -> Any:
        return system(consume("sqs:q", **{"work_seconds": 60, "visibility": None, **about}), *more)

    assert ask("SQS107", work()) == ()
    assert levels("SQS107", work(declared("sqs:q"))) == [("warning", "medium")]
    assert levels("SQS107", work(visibility=30)) == [("warning", "medium")]
    assert ask("SQS107", work(visibility=120)) == ()
    assert ask("SQS107", work(visibility=30, heartbeat=True)) == ()


def test_messages_that_are_never_hidden():
    def shown(*acks: str, **about: Any) -> Any:
        done = [{"kind": kind, "place": HERE} for kind in acks]
        return system(consume("sqs:q", **{"visibility": 0, "acks": done, **about}))

    assert levels("SQS107", shown("delete")) == [("warning", "medium")]
    assert ask("SQS107", shown()) == ()
    assert ask("SQS107", shown("visibility", "delete")) == ()
    assert ask("SQS107", shown("delete", visibility=None)) == ()


# SQS201 to SQS205
MAPPED = link("event_source_mapping", "sqs:q", "service:fn")


def test_a_queue_without_dead_letters():
    assert levels("SQS201", system(declared("sqs:q"), service("fn"), MAPPED)) == [("warning", "high")]
    assert levels("SQS201", system(declared("sqs:q"))) == [("warning", "low")]
    for fine in ({"retention": 600}, {"dead_letter": "sqs:d"}):
        assert ask("SQS201", system(declared("sqs:q", **fine), service("fn"), MAPPED)) == ()
    assert ask("SQS201", system(declared("sqs:q", environment="dev"), service("fn"), MAPPED)) == ()
    assert ask("SQS201", system(consume("sqs:q"))) == ()
    assert ask("SQS201", system(declared("sqs:q", looked_up=True), service("fn"), MAPPED)) == ()
    by_hand = consume("sqs:q", try_shape={"to_dlq": True})
    assert ask("SQS201", system(declared("sqs:q"), by_hand)) == ()


def test_a_queue_that_a_pipe_drains_names_the_pipe():
    pipe = link("pipe", "sqs:q", "sqs:further")
    (finding,) = ask("SQS201", system(declared("sqs:q", retention=86400), pipe))
    assert "what the pipe to sqs:further cannot handle" in finding.message
    assert finding.message.endswith("after 1 day")


def test_each_stack_has_its_own_dead_letter_queue():
    parts = [
        part
        for stack, retention in (("a", 86400), ("b", 1209600))
        for part in (
            declared("sqs:q", path=f"{stack}/t.yaml", dead_letter="sqs:d"),
            declared("sqs:d", path=f"{stack}/t.yaml", retention=retention),
            link("event_source_mapping", "sqs:q", f"service:{stack}", path=f"{stack}/t.yaml"),
            link("event_source_mapping", "sqs:d", f"service:{stack}-dead", path=f"{stack}/t.yaml"),
        )
    ]
    assert [finding.place.path for finding in ask("SQS202", system(*parts))] == ["a/t.yaml"]


def redrive(source: dict[str, Any], dead: dict[str, Any], name: str = "sqs:d", *more: Any) -> Any:
    return system(declared("sqs:q", dead_letter=name, **source), declared(name, **dead), *more)


@pytest.mark.parametrize(
    ("topology", "severity", "words"),
    [
        (redrive({}, {}), "warning", "they expire unseen"),
        (redrive({}, {"retention": 1209600}, "sqs:d.fifo"), "error", "FIFO"),
        (system(declared("sqs:q", dead_letter="sqs:q")), "error", "itself"),
        (redrive({}, {"retention": 1209600, "dead_letter": "sqs:e"}), "warning", "redrives further"),
        (
            redrive({"max_receive_count": 2}, {"retention": 1209600}, "sqs:d", service("fn"), MAPPED),
            "warning",
            "below 5",
        ),
    ],
)
def test_dead_letter_queues_that_do_not_help(topology: Any, severity: str, words: str):
    (finding,) = (each for each in ask("SQS202", topology) if words in each.message)
    assert finding.severity.value == severity


def test_a_dead_letter_queue_that_helps():
    assert (
        ask("SQS202", redrive({"max_receive_count": 5}, {"retention": 1209600}, "sqs:d", service("fn"), MAPPED)) == ()
    )


def mapped(visibility: int | None, timeout: int | None, **properties: Any) -> Any:
    known = {} if visibility is None else {"visibility_timeout": visibility}
    about = {} if timeout is None else {"timeout": timeout}
    return system(
        declared("sqs:q", **known),
        service("fn", properties=about),
        link("event_source_mapping", "sqs:q", "service:fn", **properties),
    )


def test_visibility_against_the_function_s_timeout():
    assert levels("SQS203", mapped(30, 60)) == [("error", "certain")]
    assert levels("SQS203", mapped(None, 60)) == [("error", "certain")]
    assert levels("SQS203", mapped(90, 60)) == [("warning", "high")]
    assert levels("SQS203", mapped(300, 60)) == [("info", "high")]
    assert levels("SQS203", mapped(299, 60)) == [("warning", "high")]
    assert levels("SQS203", mapped(30, 5, batch_window=5)) == [("info", "high")]
    assert ask("SQS203", mapped(360, 60)) == ()
    assert len(ask("SQS203", mapped(360, 60, batch_window=10))) == 1
    assert ask("SQS203", mapped(30, None)) == ()
    assert ask("SQS203", mapped(30, 60, enabled=False)) == ()


def partial(acks: Any, mapping: dict[str, Any] | None, **about: Any) -> Any:
    parts: list[Any] = [consume("sqs:q", by="fn", loop_kind="lambda-handler", acks=acks, **about)]
    if mapping is not None:
        parts.append(link("event_source_mapping", "sqs:q", "service:fn", **mapping))
    return system(*parts)


def test_the_two_sides_of_partial_failures():
    reports = {"response_types": ["ReportBatchItemFailures"]}
    returns = [{"kind": "return-failures", "place": HERE}]
    swallows = {"try_shape": {"broad": True, "swallows": True}}
    assert levels("SQS204", partial(returns, {})) == [("error", "high")]
    assert levels("SQS204", partial(returns, None)) == [("error", "low")]
    assert ask("SQS204", partial(returns, reports)) == ()
    assert ask("SQS204", partial(returns, {"batch_size": 1})) == ()
    assert levels("SQS204", partial([], reports, **swallows)) == [("warning", "high")]
    assert levels("SQS204", partial([], {}, effects=works("db"))) == [("advice", "high")]
    assert ask("SQS204", partial([], {}, effects=works("db"), idempotency=[HERE])) == ()


def test_throttling_that_fills_the_dead_letters():
    def throttled(reserved: int | None, count: int, **properties: Any) -> Any:
        return system(
            declared("sqs:q", dead_letter="sqs:d", max_receive_count=count),
            service("fn", properties={} if reserved is None else {"reserved_concurrency": reserved}),
            link("event_source_mapping", "sqs:q", "service:fn", **properties),
        )

    assert levels("SQS205", throttled(2, 3)) == [("warning", "high")]
    assert ask("SQS205", throttled(5, 3)) == ()
    assert ask("SQS205", throttled(2, 5)) == ()
    assert ask("SQS205", throttled(2, 3, max_concurrency=2)) == ()
    assert ask("SQS205", throttled(None, 3)) == ()


# CEL101, CEL102
def task(*more: Any, role: str = "produce", channel: str = "sqs:celery", **about: Any) -> Any:
    make = produce if role == "produce" else consume
    return system(make(channel, library="celery", **about), *more)


def test_tasks_that_outlive_their_message():
    assert levels("CEL101", task(countdown=7200)) == [("error", "high")]
    assert ask("CEL101", task(countdown=600)) == ()
    assert ask("CEL101", task(countdown=7200, config={"visibility_timeout": 10800})) == ()
    assert ask("CEL101", task(countdown=7200, config_complete=False)) == ()
    assert ask("CEL101", task(countdown=7200, channel="kafka:celery")) == ()
    assert "not" in ask("CEL101", task(countdown=90000))[0].advice[0]
    assert len(ask("CEL101", task(role="consume", acks_late=True, config={"task_time_limit": 3600}))) == 1


def test_an_option_without_effect():
    about = {"role": "consume", "config": {"predefined_queues": True, "visibility_timeout": 3600}}
    (finding,) = ask("CEL101", task(**about))
    assert finding.severity.value == "warning"


def test_tasks_acknowledged_first():
    assert levels("CEL102", task(role="consume", acks_late=False, effects=works("http"))) == [("advice", "high")]
    assert levels("CEL102", task(role="consume", acks_late=False)) == [("advice", "medium")]
    two = [consume("sqs:celery", library="celery", acks_late=False, function=name) for name in ("a", "b")]
    assert [finding.message.split(":")[0] for finding in ask("CEL102", system(*two))] == [
        "2 tasks are deleted from SQS before running (a, b)"
    ]
    assert ask("CEL102", task(role="consume", acks_late=True, effects=works("http"))) == ()
    assert ask("CEL102", task(role="consume", acks_late=False, effects=[])) == ()


# COST101, COST102
def test_requests_that_could_be_batched():
    assert len(ask("COST101", system(produce("sqs:q", loop="over-items", batch=False)))) == 1
    assert ask("COST101", system(produce("sqs:q", loop="over-items", batch=True))) == ()
    assert ask("COST101", system(produce("sqs:q", loop="over-items", loop_count=3))) == ()
    assert ask("COST101", system(produce("sqs:q", loop="none"))) == ()
    (stream,) = ask("COST101", system(produce("kinesis:clicks", loop="over-items", batch=False)))
    assert stream.message.endswith("per request: up to 500 times the requests")  # Kinesis charges for records
    assert len(ask("COST101", system(consume("sqs:q", loop_kind="while-true", max_messages=None)))) == 1
    one = consume("sqs:q", loop_kind="while-true", max_messages=1, effects=works("ml"))
    assert ask("COST101", system(one)) == ()


def test_what_came_one_by_one_and_what_is_rare_need_no_batch():
    site = {"by": "a", "path": "a.py", "line": 5, "function": "a.run"}
    came = consume("sqs:in", **site, loop_kind="while-true", max_messages=1, effects=works("ml"))
    assert ask("COST101", system(came, produce("sqs:out", **site, loop="over-items"))) == ()
    assert ask("COST101", system(produce("sqs:q-dlq", loop="over-items"))) == ()


def test_a_shared_call_that_could_be_batched_is_told_once():
    facts = {"loop": "over-items", "chain": Place("lib/bus.py", 7)}
    assert len(ask("COST101", system(produce("sqs:q", by="a", **facts), produce("sqs:q", by="b", **facts)))) == 1


def test_costs_are_told_for_declared_volumes_only():
    cluster = declared("kafka:main", kind="cluster", cluster_kind="msk-standard", brokers=3)
    topic = produce("kafka:mails")
    assert ask("COST102", system(cluster, topic)) == ()
    volume = declaring("kafka:mails", needs={"volume": 5})
    (finding,) = ask("COST102", system(cluster, topic, declarations=volume))
    assert "about $460 a month" in finding.message
    assert "$15" in finding.message
    logged = declaring("kafka:mails", needs={"volume": 5, "replay": True})
    assert ask("COST102", system(cluster, topic, declarations=logged)) == ()
    steady = declaring("sqs:q", needs={"volume": 1000})
    assert len(ask("COST102", system(produce("sqs:q"), declarations=steady))) == 1

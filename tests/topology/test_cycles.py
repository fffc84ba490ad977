"""Messages can travel in a circle only where one handler both receives and sends."""

from __future__ import annotations

from dataclasses import replace

from systems import consume, link, produce, service, system

from brokerlint.places import Place


def test_two_handlers_that_answer_each_other():
    topology = system(
        consume("sqs:a", by="one", function="h", line=1), produce("sqs:b", by="one", function="h", line=2),
        consume("sqs:b", by="two", function="h", line=1), produce("sqs:a", by="two", function="h", line=2),
    )  # fmt: skip
    (cycle,) = topology.cycles()
    assert [node.key for node in cycle.channels] == ["sqs:a", "sqs:b"]
    assert cycle.services() == ("one", "two")


def test_two_tasks_of_one_service_make_no_cycle():
    topology = system(
        consume("sqs:a", by="one", function="reader"), produce("sqs:a", by="one", function="writer"),
    )  # fmt: skip
    assert topology.cycles() == ()


def test_sending_before_receiving_in_one_function_makes_no_cycle():
    topology = system(
        produce("sqs:a", by="one", function="h", line=1), consume("sqs:a", by="one", function="h", line=5)
    )
    assert topology.cycles() == ()


def test_known_effects_tell_what_a_handler_sends_elsewhere():
    send = produce("sqs:a", by="one", function="publish", path="one/bus.py", line=9)
    effects = [{"class": "produce", "place": Place("one/bus.py", 9)}]
    topology = system(send, consume("sqs:a", by="one", function="handle", effects=effects))
    assert len(topology.cycles()) == 1


def test_known_effects_without_the_send_make_no_cycle():
    topology = system(
        consume("sqs:a", by="one", function="h", line=1, effects=[]), produce("sqs:a", by="one", function="h", line=2)
    )
    assert topology.cycles() == ()


def test_calls_that_share_a_wrapper_are_told_apart():
    sink = (Place("lib/bus.py", 9),)
    shared = {"by": "one", "path": "one/app.py"}
    effects = [{"class": "produce", "place": Place("lib/bus.py", 9)}]
    mine = replace(produce("sqs:b", function="h", line=5, **shared), call_chain=sink)
    other = replace(produce("sqs:a", function="other", line=50, **shared), call_chain=sink)
    handler = consume("sqs:a", function="h", line=1, effects=effects, **shared)
    assert system(handler, mine, other).cycles() == ()
    assert len(system(handler, other).cycles()) == 1


def test_a_worker_runs_only_the_task_that_was_sent():
    def tasks(sent: str):
        return system(
            consume("sqs:celery", by="w", function="h", line=1, task="one"),
            produce("sqs:celery", by="w", function="h", line=2, task=[sent]),
        )

    assert tasks("two").cycles() == ()
    assert len(tasks("one").cycles()) == 1


def test_links_between_channels_are_steps_and_redrives_are_not():
    handler = consume("sqs:q", by="fn", function="h", line=1)
    send = produce("sns:t", by="fn", function="h", line=2)
    assert len(system(handler, send, link("subscription", "sns:t", "sqs:q")).cycles()) == 1
    assert system(service("fn"), link("redrive", "sqs:q", "sqs:d"), link("redrive", "sqs:d", "sqs:q")).cycles() == ()


def test_where_everything_sends_to_everything_the_short_cycles_are_told():
    names = [f"sqs:{number}" for number in range(30)]
    topology = system(
        *(consume(name, by="one", function="h", line=1) for name in names),
        *(produce(name, by="one", function="h", line=2) for name in names),
    )
    assert [len(cycle.channels) for cycle in topology.cycles()] == [1] * 30 + [2] * 435

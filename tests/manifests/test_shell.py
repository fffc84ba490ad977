"""Shell scripts: which commands they run for given arguments."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlint.manifests.shell import MOST_CALLS, after_c, parse, run


def words(script: str, *arguments: str, **variables: str) -> list[str]:
    return [" ".join(call.words) for call in run(parse(script), arguments, variables)]


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ("a b; c\nd", ["a b", "c", "d"]),
        ("a 'b c' \"d e\" f\\ g", ["a b c d e f g"]),
        ("a \\\n  b # comment\nc#d", ["a b", "c#d"]),
        ("a > out.txt 2>&1 < in", ["a"]),
        ("cat <<EOF\nnot a command\nEOF\nb", ["cat", "b"]),
        ("cat <<-'END' | grep x\n\tno\n\tEND\nb", ["cat", "grep x", "b"]),
        ("X=1 a", ["a"]),
        ("( a; b )", ["a", "b"]),
        ("{ a; b; }", ["a", "b"]),
    ],
)
def test_commands_are_told_apart(script: str, calls: list[str]) -> None:
    assert words(script) == calls


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ("X=one\na $X", ["a one"]),
        ('X="one two"\na $X "$X"', ["a one two one two"]),
        ("A=x; A+=y; a $A", ["a xy"]),
        ("export A=x\na ${A}", ["a x"]),
        ("a ${B:-default} ${C}", ["a default ${C}"]),
        ("a '$X' \\$X", ["a $X $X"]),
        ("a topic-{x,y}", ["a topic-x topic-y"]),
        ("a $(date +%s)", ["a $(date +%s)"]),
    ],
)
def test_variables_are_put_in(script: str, calls: list[str]) -> None:
    assert words(script) == calls


def test_all_arguments_are_one_word_or_as_many_as_there_are() -> None:
    assert [call.words for call in run(parse('a "$*"; a $*; a "$@"'), ("b", "c"))] == [
        ("a", "b c"),
        ("a", "b", "c"),
        ("a", "b", "c"),
    ]


def test_an_unquoted_variable_becomes_several_words() -> None:
    (call,) = run(parse('CMD="celery -A app worker"\nexec $CMD -Q orders'), ())
    assert call.words == ("celery", "-A", "app", "worker", "-Q", "orders")
    assert call.final


CASE = """
PREFIX="celery -A app"
case "$1" in
  web|api) exec gunicorn app:app ;;
  worker-*)
    exec $PREFIX worker -Q ${1#worker-}
    ;;
  beat) exec $PREFIX beat ;;
  *) echo unknown; exit 1 ;;
esac
"""


@pytest.mark.parametrize(
    ("argument", "calls"),
    [
        ("api", ["gunicorn app:app"]),
        ("beat", ["celery -A app beat"]),
        ("other", ["echo unknown"]),
    ],
)
def test_the_argument_chooses_a_case(argument: str, calls: list[str]) -> None:
    assert words(CASE, argument) == calls


def test_without_knowing_the_argument_every_case_may_happen() -> None:
    found = run(parse(CASE), None)
    assert [call.words[0] for call in found] == ["gunicorn", "celery", "celery", "echo"]
    assert not any(call.certain for call in found)


@pytest.mark.parametrize(
    ("script", "arguments", "calls"),
    [
        ('if [ "$1" = "a" ]; then x; elif [[ $1 == b* ]]; then y; else z; fi', ("bee",), ["y"]),
        ('if [ -z "$1" ]; then x; else y; fi', (), ["x"]),
        ("if [[ ! -z $1 ]]; then x; fi", ("q",), ["x"]),
        ('if [ "$#" -eq 0 ]; then x; else y; fi', ("q",), ["y"]),
        ('[ "$1" = a ] && x || y', ("b",), ["y"]),
        ('[ "$1" = a ] || x', ("a",), []),
        ('[ "$1" = a ] && x', ("b",), []),
        ('if [ "$STAGE" = prod ]; then x; else y; fi', (), ["x", "y"]),
        ("if true; then x; else y; fi", (), ["x"]),
        ('if [ "$1" = a ] && [ "$2" = b ]; then x; else y; fi', ("a", "b"), ["x"]),
    ],
)
def test_conditions_over_texts_are_decided(script: str, arguments: tuple[str, ...], calls: list[str]) -> None:
    assert words(script, *arguments) == calls


def test_what_happens_only_when_a_command_fails_is_not_certain() -> None:
    found = run(parse('[ "$1" = a ] && x || y'), ("a",))
    assert [(call.words[0], call.certain) for call in found] == [("x", True), ("y", False)]
    found = run(parse("[ $UNKNOWN = a ] && x; y || z"), ())
    assert [(call.words[0], call.certain) for call in found] == [("x", False), ("y", True), ("z", False)]


def test_a_chain_may_be_long() -> None:
    assert len(words(" && ".join(f"create {number}" for number in range(200)))) == 200


def test_loops_over_words_are_run_and_others_once() -> None:
    assert words("for t in a b\ndo\n  create $t\ndone") == ["create a", "create b"]
    assert words("LIST='a b'\nfor t in $LIST; do create $t; done") == ["create a", "create b"]
    assert words("while true; do poll; sleep 1; done") == ["poll", "sleep 1"]


@pytest.mark.parametrize(
    ("script", "calls"),
    [
        ('while [ "$1" = -v ]; do shift; done; exec "$@"', ["serve -v"]),
        ('while [[ $# -gt 0 && "$1" == *"="* ]]; do export "$1"; shift; done; exec "$@"', ["serve -v"]),
        ('until [ "$1" = -v ]; do shift; done; a "$@"', ["a -v"]),
        ('while [ $# -gt 0 ]; do a "$1"; shift; done', ["a serve", "a -v"]),
        ("until pg_isready; do sleep 1; done; a", ["sleep 1", "a"]),
    ],
)
def test_a_loop_runs_as_often_as_its_condition_over_the_arguments_says(script: str, calls: list[str]) -> None:
    assert words(script, "serve", "-v") == calls
    assert words("until ready; do sleep 1; done; go") == ["sleep 1", "go"]


def test_arguments_are_shifted_set_and_passed_on() -> None:
    assert words('host="$1"; shift; cmd="$@"; exec $cmd', "kafka", "python", "app.py") == ["python app.py"]
    assert words('set -- python "$@"\nexec "$@"', "app.py") == ["python app.py"]
    assert words('exec "${@:2}"', "a", "b", "c") == ["b c"]


def test_functions_are_followed_with_their_arguments() -> None:
    assert words("start() { exec python $1; }\nstart app.py\nnever") == ["python app.py"]
    assert words("function f {\n a $1\n}\nf x; f y") == ["a x", "a y"]
    assert words("f() { f; }\nf") == ["f"]


def test_a_shell_in_a_shell_is_followed() -> None:
    assert words("bash -c 'a && b c'") == ["a", "b c"]
    assert after_c(("/bin/sh", "-lc", "x y")) == "x y"
    assert after_c(("python", "-c", "x")) is None
    assert after_c(("sh", "run.sh", "-c")) is None


def test_what_exec_starts_ends_the_script_and_the_background_does_not() -> None:
    assert words("exec a\nb") == ["a"]
    calls = run(parse("python a.py &\npython b.py"), ())
    assert [call.background for call in calls] == [True, False]


def test_a_process_of_its_own_ends_alone() -> None:
    calls = run(parse("(\n  exec monitor\n) &\nsleep 5\nexec work"), ())
    assert [(call.words, call.background, call.final) for call in calls] == [
        (("monitor",), True, False), (("sleep", "5"), False, False), (("work",), False, True),
    ]  # fmt: skip
    assert words("{ exec a; }\nb") == ["a"]


def test_lines_are_those_of_the_script() -> None:
    assert [call.line for call in run(parse("a\n\nif true; then\n  b\nfi\n"), ())] == [1, 4]


def test_commands_whose_output_is_used_are_run_as_well() -> None:
    assert "aws sqs create-queue --queue-name orders" in words("URL=$(aws sqs create-queue --queue-name orders)")


def test_endless_loops_and_growing_variables_end() -> None:
    many = " ".join(str(number) for number in range(60))
    nested = "".join(f"for v{depth} in {many}; do " for depth in range(5)) + "a; " + "done; " * 5
    assert len(run(parse(nested), ())) <= MOST_CALLS
    run(parse(f"for a in {many}; do X=$X$X$X; done"), (), {"X": "x"})


@given(st.text("abc $\"'`(){}[];|&<>\n=\\-*#!", max_size=80))
@settings(max_examples=400, deadline=None)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    run(parse(text), ("a",))
    run(parse(text), None)


@pytest.mark.parametrize(
    "piece", ["(", "{ ", "if ", "case x in a) ", "$(", "${", "for x in y; do ", "f() { ", "a && ", '"$(']
)
def test_deep_nesting_ends(piece: str) -> None:
    run(parse(piece * 3000), None)


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("cd src && python app.py", "src"),
        ("cd /app\ncd api\npython app.py", "/app/api"),
        ("cd src; cd ..; python app.py", "."),
        ("(cd src && make); python app.py", ""),
        ("sh -c 'cd src && make'\npython app.py", ""),
        ('cd "$WHERE"\npython app.py', ""),
        ('if test -n "$WHERE"; then cd src; fi\npython app.py', ""),
    ],
)
def test_a_program_is_started_in_the_folder_that_the_script_has_changed_to(script: str, folder: str) -> None:
    assert run(parse(script))[-1].folder == folder

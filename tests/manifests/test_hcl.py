"""HCL: blocks and expressions, and what happens to text that is none."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlint.manifests.terraform.hcl import (
    Attribute,
    Block,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Operation,
    Splat,
    Template,
    Tuple,
    Unknown,
)
from brokerlint.manifests.terraform.hcl_parser import parse, template

VAR_A = Attribute(Name("var"), "a")


def value(text: str) -> Expression:
    """The expression after ``x =`` in a block."""
    (block,), _, problems = parse(f"b {{\n  x = {text}\n}}\n")
    assert not problems
    found = block.get("x")
    assert found is not None
    return found


class TestExpressions:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("5", Literal(5)),
            ("-1.5", Literal(-1.5)),
            ("true", Literal(True)),
            ("null", Literal(None)),
            ('"a\\"b\\n$${c}"', Literal('a"b\n${c}')),
            ('"a-${var.a}-b"', Template((Literal("a-"), VAR_A, Literal("-b")))),
            ('"${var.a}"', Template((VAR_A,))),
            ('"${upper("x")}"', Template((Call("upper", (Literal("x"),)),))),
            ('"%{ if var.a }x%{ else }y%{ endif }z"', Template((Unknown("template directive"), Literal("z")))),
            ("aws_sqs_queue.q[0].arn", Attribute(Index(Attribute(Name("aws_sqs_queue"), "q"), Literal(0)), "arn")),
            ('var.a["k"]', Index(VAR_A, Literal("k"))),
            ("var.a[*].b", Attribute(Splat(VAR_A), "b")),
            ("var.a.*.b", Attribute(Splat(VAR_A), "b")),
            ("event-processor.arn", Attribute(Name("event-processor"), "arn")),
            ("var.a ? 1 : 0", Conditional(VAR_A, Literal(1), Literal(0))),
            ("1 + 2 * 3", Operation("+", Literal(1), Operation("*", Literal(2), Literal(3)))),
            ("!var.a && true", Operation("&&", Operation("!", None, VAR_A), Literal(True))),
            ("[1, 2,]", Tuple((Literal(1), Literal(2)))),
            ("[\n 1, # one\n 2\n]", Tuple((Literal(1), Literal(2)))),
            ("{ a = 1, b : 2 }", Object(((Literal("a"), Literal(1), 2), (Literal("b"), Literal(2), 2)))),
            ('{\n a = 1\n "b" = 2\n}', Object(((Literal("a"), Literal(1), 3), (Literal("b"), Literal(2), 4)))),
            ("f(1, [2]...)", Call("f", (Literal(1), Tuple((Literal(2),))))),
            ("[for v in var.a : v]", For(("v",), VAR_A, None, Name("v"), None)),
            ("{for k, v in var.a : k => v if v}", For(("k", "v"), VAR_A, Name("k"), Name("v"), Name("v"))),
            ("<<EOF\na\nEOF", Literal("a\n")),
            ("<<-EOF \n    a\n      ${var.a}\n    EOF ", Template((Literal("a\n  "), VAR_A, Literal("\n")))),
            ("(\n 1\n +\n 2\n)", Operation("+", Literal(1), Literal(2))),
        ],
    )
    def test_an_expression_is(self, text: str, expected: Expression) -> None:
        assert value(text) == expected

    def test_a_template_alone(self) -> None:
        assert template('{"a": "${var.a}"}') == Template((Literal('{"a": "'), VAR_A, Literal('"}')))
        assert template("plain") == Literal("plain")
        assert template("${ broken") == Literal("${ broken")


class TestBlocks:
    def test_labels_arguments_and_inner_blocks_know_their_lines(self) -> None:
        (block,), _, _ = parse(
            '/* first */\nresource "a" "b" {\n  x = 1\n  y = 2 // two\n  inner {\n    z = 3\n  }\n}\n'
        )
        assert (block.type, block.labels, block.line) == ("resource", ("a", "b"), 2)
        assert [(one.name, one.line) for one in block.arguments] == [("x", 3), ("y", 4)]
        assert block.blocks[0].line == 5

    def test_values_of_variables_stand_outside_of_blocks(self) -> None:
        _, arguments, _ = parse('a = 1\nb = {\n  c = "d"\n}\n')
        assert [(one.name, one.line) for one in arguments] == [("a", 1), ("b", 2)]

    @pytest.mark.parametrize(
        "inside", ['x = "}"', 'x = "${f("}")}"', "# }", "/* } */", "x = <<E\n}\nE", "y { z { } }", 'x = "\\"}"']
    )
    def test_a_block_that_is_not_wanted_is_skipped_whole(self, inside: str) -> None:
        blocks, _, problems = parse(f"skip {{\n{inside}\n}}\nkeep {{ a = 1 }}\n", lambda kind, labels: kind == "keep")
        assert not problems
        assert [one.type for one in blocks] == ["keep"]

    @pytest.mark.parametrize("broken", ["x = ", "x = [1", 'x = "a', "x = <<E\na", "= 5", "x = 1 2", "{"])
    def test_a_broken_block_costs_only_itself(self, broken: str) -> None:
        text = f"a {{ x = 1 }}\nb {{\n  {broken}\n}}\nc {{ x = 1 }}\n"
        blocks, _, problems = parse(text)
        assert [one.type for one in blocks] == ["a", "c"]
        assert len(problems) == 1
        assert 3 <= problems[0].line <= 6
        assert str(problems[0]).startswith("is not valid HCL")

    def test_nesting_without_end_is_refused(self) -> None:
        for text in (
            "a { x = " + "[" * 5000 + " }",
            "a { x = " + "!" * 5000 + "1 }",
            "a {" * 5000,
            'a { x = "' + "${" * 5000,
        ):
            blocks, _, problems = parse(text)
            assert not blocks
            assert problems

    def test_a_file_of_mistakes_is_given_up(self) -> None:
        assert len(parse("a { = }\n" * 1000)[2]) <= 20


NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=8)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=20)


def written(text: str) -> str:
    """A text as HCL writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


class TestAnything:
    @given(st.lists(st.tuples(NAMES, NAMES, TEXTS), max_size=6))
    @settings(max_examples=150, deadline=None)
    def test_what_is_written_is_read(self, blocks: list[tuple[str, str, str]]) -> None:
        text = "".join(f'resource "{kind}" "{name}" {{\n  v = {written(value)}\n}}\n' for kind, name, value in blocks)
        found, _, problems = parse(text)
        assert not problems
        assert [(*block.labels, _text(block)) for block in found] == blocks

    @given(st.text(alphabet='ab ={}[]()"$%<>\n#/*,.?:!-EOF1\\', max_size=80))
    @settings(max_examples=400, deadline=None)
    def test_any_text_gives_blocks_or_problems(self, text: str) -> None:
        parse(text)

    @given(st.text(alphabet='ab ="${}\n#/*\\', max_size=40), st.integers(1, 2))
    @settings(max_examples=200, deadline=None)
    def test_good_neighbours_stay(self, noise: str, position: int) -> None:
        good = ["a {\n  x = 1\n}\n", "c {\n  x = 1\n}\n"]
        good.insert(position, f"b {{\n  x = 1 1 {noise}\n")
        found = [block.type for block in parse("".join(good))[0]]
        assert "a" in found


def _text(block: Block) -> object:
    found = block.get("v")
    assert isinstance(found, Literal)
    return found.value

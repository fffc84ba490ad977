"""Python text -> summary: every form of statement and expression, where things stand, and what survives a process."""

from __future__ import annotations

import pickle
from textwrap import dedent, indent

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

from brokerlint.python import ir
from brokerlint.python.lower import SourceError, lower
from brokerlint.python.positions import lines_of


def body(source: str) -> ir.Body:
    return lower("app.py", dedent(source)).body


def value(expression: str) -> ir.Expr:
    """The summary of one expression."""
    return body(f"x = {expression}").bindings[-1].value


# --- Positions ----------------------------------------------------------------------------------------------------

EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "1", "'t'", "f'{a}'", '"""two\nlines"""', "b.c", "None", "[\n 1,\n\n 2,\n]"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"f({p[0]},\n\n   # why\n   k={p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}\n + {p[1]})"),
        inner.map(lambda one: f"[x for x in {one}\n if x]"),
        inner.map(lambda one: f"g({one})(1)"),
        inner.map(lambda one: f"(lambda y:\n {one})"),
        inner.map(lambda one: f"h(  # first\n{one}\n)"),
    ),
    max_leaves=6,
)

SIMPLE = st.one_of(
    EXPRESSIONS.map(lambda e: f"x = {e}"),
    EXPRESSIONS.map(lambda e: f"{e}"),
    EXPRESSIONS.map(lambda e: f"x: int = {e}"),
    EXPRESSIONS.map(lambda e: f"f({e}); g()"),
    EXPRESSIONS.map(lambda e: f"y = \\\n  {e}"),
    st.sampled_from(["pass", "import a", "f()  # call", "x = 1\n", "\n\ng()", "# only a comment\nf()"]),
)


def block(statements: list[str]) -> str:
    """Statements as an indented block. Texts of several lines are indented, too, which changes them but no line."""
    return indent("\n".join(statements), "    ") + "\n"


STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.tuples(EXPRESSIONS, st.lists(inner, min_size=1, max_size=3)).map(lambda p: f"if {p[0]}:\n{block(p[1])}"),
        st.tuples(st.lists(inner, min_size=1, max_size=2), st.lists(inner, min_size=1, max_size=2)).map(
            lambda p: f"if a:\n{block(p[0])}\nelif b:\n{block(p[1])}\n# or\nelse:\n{block(p[0])}"
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: f"for x in f(\n):\n{block(p)}else:\n{block(p)}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: f"while a:  # on\n\n{block(p)}"),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda p: f"try:\n{block(p)}except E as e:\n{block(p)}finally:\n{block(p)}"
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: f"with f() as x, g(\n) as y:\n{block(p)}"),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda p: f"@mark\n# between\n@mark(\n 1)\nasync def f(a,\n      b=g()):\n{block(p)}"
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: f"@mark\nclass A(B,\n  metaclass=m()):\n\n{block(p)}"),
        st.lists(inner, min_size=1, max_size=2).map(lambda p: f"match a:\n  case 1:\n{block(p)}"),
        st.lists(inner, min_size=1, max_size=2).map(lambda p: f"if a: f(); g()\n{chr(10).join(p)}"),
    ),
    max_leaves=8,
)

PROGRAMS = st.tuples(
    st.sampled_from(["", "\n\n", "# head\n", '"""Doc\n\nstring."""\n\n']),
    st.lists(STATEMENTS, min_size=1, max_size=4).map("\n".join),
    st.sampled_from(["", "\n", "\n\n# tail\n"]),
    st.sampled_from(["\n", "\r\n"]),
).map(lambda p: "".join(p[:3]).replace("\n", p[3]))


@given(PROGRAMS)
@settings(max_examples=40)
def test_lines_are_those_of_libcsts_own_provider(source: str) -> None:
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    nodes = {id(node): node for node in positions}

    mine = {nodes[key]: span for key, span in lines_of(wrapper.module, source).items() if key in nodes}

    expected = {node: (positions[node].start.line, positions[node].end.line) for node in mine}
    assert mine == expected


@pytest.mark.parametrize(
    "source",
    [
        "x = f'''{d['''\nk\n''']}'''\nf()\ng(\n1)\n",
        'x = f"""{f("""a\nb""")}"""\nf()\ng(\n1)\n',
    ],
)
def test_lines_are_right_where_strings_stand_in_strings_of_the_same_quotes(source: str) -> None:
    sites = body(source).sites

    assert [(s.call.line, s.call.end_line) for s in sites][-2:] == [
        (source.count("\n") - 2, source.count("\n") - 2),
        (source.count("\n") - 1, source.count("\n")),
    ]


@given(PROGRAMS)
@settings(max_examples=40)
def test_every_call_is_a_site_where_it_stands(source: str) -> None:
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    expected = sorted(
        (place.start.line, place.end.line) for node, place in positions.items() if isinstance(node, cst.Call)
    )

    found = lower("app.py", source)

    assert sorted((site.call.line, site.call.end_line) for site in _sites(found.body)) == expected


@given(PROGRAMS)
@settings(max_examples=40)
def test_summaries_survive_pickling(source: str) -> None:
    found = lower("app.py", source)

    assert pickle.loads(pickle.dumps(found)) == found


def _sites(of: ir.Body) -> list[ir.Site]:
    nested: list[ir.Function | ir.Class] = [*of.functions, *of.classes]
    return [*of.sites, *(site for one in nested for site in _sites(one.body))]


# --- Statements ---------------------------------------------------------------------------------------------------


def targets(source: str) -> list[tuple[str, str]]:
    """Kind and target of each binding, names and attributes as text."""
    return [(one.kind, _text(one.target)) for one in body(source).bindings]


def _text(expr: ir.Expr) -> str:
    if isinstance(expr, ir.Name):
        return expr.id
    if isinstance(expr, ir.Attribute):
        return f"{_text(expr.value)}.{expr.attr}"
    return type(expr).__name__


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b = 1", [("assign", "a"), ("assign", "b")]),
        ("a, (b, *c), d.e = x", [("assign", "a"), ("assign", "b"), ("assign", "c"), ("assign", "d.e")]),
        ("a: int = 1", [("assign", "a")]),
        ("a: int", [("declare", "a")]),
        ("a += 1", [("augment", "a")]),
        ("a[0] = 1", [("assign", "Subscript")]),
        ("for a, b in x: pass", [("for", "a"), ("for", "b")]),
        ("async def f():\n    async for a in x: pass", []),
        ("with x as a, y as (b, c): pass", [("with", "a"), ("with", "b"), ("with", "c")]),
        ("try: pass\nexcept E as a: pass", [("assign", "a")]),
        ("try: pass\nexcept* E as a: pass", [("assign", "a")]),
        ("if (a := f()): pass", [("assign", "a")]),
        ("[a for a in x if (b := a)]", [("for", "a"), ("assign", "b")]),
        ("def f(a): b = 1", []),
        ("class A: b = 1", []),
    ],
)
def test_what_binds_a_name(source: str, expected: list[tuple[str, str]]) -> None:
    assert targets(source) == expected


def test_bindings_say_where_their_value_comes_from() -> None:
    first, rest, behind, element, entered, augmented = body("""
        a, *b, c = x
        for d in x: pass
        with x as e: pass
        f += 1
    """).bindings
    x = ir.Name("x")

    assert (first.value, rest.value, behind.value) == (ir.Item(x, 0), ir.Item(x, None), ir.Item(x, None))
    assert element.value == ir.Element(x)
    assert entered.value == ir.Entered(x)
    assert augmented.value == ir.Binary(ir.Name("f"), "+", ir.Constant(1))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): return 1", [("return", True)]),
        ("def f(): return", [("return", False)]),
        ("def f(): yield 1", [("yield", True)]),
        ("def f(): x = yield", [("yield", False)]),
        ("def f(): yield from x", [("yield-from", True)]),
        ("def f(): raise E(1) from e", [("raise", True)]),
        ("def f():\n  while 1:\n    if a: break\n    else: continue", [("break", False), ("continue", False)]),
    ],
)
def test_how_a_body_is_left(source: str, expected: list[tuple[str, bool]]) -> None:
    (function,) = body(source).functions

    assert [(one.kind, one.value is not None) for one in function.body.exits] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b", ("a.b", None, "a", 0)),
        ("import a.b as c", ("a.b", None, "c", 0)),
        ("from a import b", ("a", "b", "b", 0)),
        ("from a.b import c as d", ("a.b", "c", "d", 0)),
        ("from . import b", ("", "b", "b", 1)),
        ("from ..a import b", ("a", "b", "b", 2)),
        ("from a import *", ("a", "*", "*", 0)),
    ],
)
def test_imports(source: str, expected: tuple[str, str | None, str, int]) -> None:
    (one,) = body(source).imports

    assert (one.module, one.name, one.alias, one.level) == expected


def blocks(source: str) -> list[str]:
    """The blocks around each call, outermost first."""
    found = body(source)
    return ["/".join(one.kind for one in reversed(found.enclosing(site.block))) for site in found.sites]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f()", [""]),
        ("if f(): g()\nelse: h()", ["", "if", "else"]),
        ("if a: f()\nelif g(): h()\nelse: i()", ["if", "else", "else/if", "else/else"]),
        ("for x in f(): g()\nelse: h()", ["", "for", ""]),
        ("while f(): g()\nelse: h()", ["while", "while", ""]),
        (
            "try: f()\nexcept g(): h()\nelse: i()\nfinally: j()",
            ["try", "", "except", "", "finally"],
        ),
        ("with f() as x, g(): h()", ["", "with", "with/with"]),
        ("match f():\n  case 1: g()\n  case _: h()", ["", "case", "case"]),
        ("x = [f(y) for y in g() if h()]", ["", "comprehension", "comprehension"]),
        ("x = {k(): v() for y in g() for z in y}", ["", "comprehension/comprehension", "comprehension/comprehension"]),
        ("assert f(), g()", [""]),
        ("del a\nglobal b\npass\nf()", [""]),
    ],
)
def test_the_blocks_that_calls_stand_in(source: str, expected: list[str]) -> None:
    assert blocks(source) == expected


def test_async_loops_are_told_apart() -> None:
    (function,) = body("async def f():\n    async for x in y: pass\n    async with z: pass").functions

    assert function.is_async
    assert [one.kind for one in function.body.blocks] == ["async-for", "with"]


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("f()", ["dropped"]),
        ("x = f()", ["assigned"]),
        ("f(g())", ["argument", "dropped"]),
        ("f().g()", ["used", "dropped"]),
        ("[f() for x in y]", ["collected"]),
        ("with f() as x: pass", ["assigned"]),
        ("with f(): pass", ["used"]),
        ("if f(): pass", ["used"]),
    ],
)
def test_what_becomes_of_a_result(source: str, uses: list[str]) -> None:
    assert [site.use for site in body(source).sites] == uses


def test_every_decorator_has_its_own_line() -> None:
    found = lower("app.py", "@first\n@second(\n    1,\n)\n@third.fourth\ndef handle():\n    pass\n").body.functions[0]
    assert (found.decorator_lines, found.line) == ((1, 2, 5), 6)


def test_results_that_are_returned_awaited_or_decorate() -> None:
    found = body("""
        @mark()
        async def f():
            await g()
            return await h()
    """)
    (function,) = found.functions

    assert [site.use for site in found.sites] == ["decorator"]
    assert [(site.use, site.awaited) for site in function.body.sites] == [("dropped", True), ("returned", True)]


def test_functions_with_all_kinds_of_parameters() -> None:
    (function,) = body("def f(a, /, b: int = 1, *c, d, e=2, **g) -> str: pass").functions

    assert [(p.name, p.kind, p.default is not None) for p in function.parameters] == [
        ("a", "", False),
        ("b", "", True),
        ("c", "*", False),
        ("d", "=", False),
        ("e", "=", True),
        ("g", "**", False),
    ]
    assert function.parameters[1].annotation == ir.Name("int")
    assert function.returns == ir.Name("str")


def test_definitions_inside_definitions() -> None:
    found = body("""
        class Outer(Base, metaclass=Meta):
            @staticmethod
            def method():
                nonlocal_name = 1
                def inner():
                    nonlocal nonlocal_name
                    global top
                return lambda: inner
    """)
    (outer,) = found.classes
    (method,) = outer.body.functions
    inner, anonymous = method.body.functions

    assert outer.bases == (ir.Name("Base"),)
    assert [one.keyword for one in outer.keywords] == ["metaclass"]
    assert method.decorators == (ir.Name("staticmethod"),)
    assert [one.qualname for one in (outer, method, inner)] == ["Outer", "Outer.method", "Outer.method.inner"]
    assert inner.body.outer == ("nonlocal_name", "top")
    assert anonymous.qualname == "Outer.method.<lambda>"
    assert anonymous.body.exits[0].value == ir.Name("inner")


def test_parts_of_a_body_are_in_order() -> None:
    found = body("""
        import a
        x = f(g())
        def h(): pass
        class C: pass
        y = 1
    """)

    orders = [
        found.imports[0].order,
        *(site.order for site in found.sites),
        found.bindings[0].order,
        found.functions[0].order,
        found.classes[0].order,
        found.bindings[1].order,
    ]
    assert [site.call.function for site in found.sites] == [ir.Name("g"), ir.Name("f")]
    assert orders == sorted(set(orders))


# --- Expressions --------------------------------------------------------------------------------------------------

A, B = ir.Name("a"), ir.Name("b")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1", ir.Constant(1)),
        ("-1", ir.Constant(-1)),
        ("0x10", ir.Constant(16)),
        ("1_000.5", ir.Constant(1000.5)),
        ("True", ir.Constant(True)),
        ("None", ir.Constant(None)),
        (r"'a\n'", ir.Constant("a\n")),
        (r"r'\d'", ir.Constant(r"\d")),
        (r"'\d'", ir.Constant(r"\d")),
        ("b'a'", ir.Constant(b"a")),
        ("'a' 'b'", ir.Constant("ab")),
        ("a.b", ir.Attribute(A, "b")),
        ("a[b]", ir.Subscript(A, B)),
        ("a[1:2]", ir.Subscript(A, ir.Opaque("slice"))),
        ("a[b, 1]", ir.Subscript(A, ir.Sequence("tuple", (B, ir.Constant(1))))),
        ("f'x{a}{{y}}'", ir.Formatted((ir.Constant("x"), A, ir.Constant("{y}")))),
        ("'x' f'{a}'", ir.Formatted((ir.Constant("x"), A))),
        ("a + b", ir.Binary(A, "+", B)),
        ("a % b", ir.Binary(A, "%", B)),
        ("a | b", ir.Binary(A, "|", B)),
        ("a >> b", ir.Binary(A, ">>", B)),
        ("a ** b", ir.Binary(A, "Power", B)),
        ("a and b", ir.Boolean(A, "and", B)),
        ("a or b", ir.Boolean(A, "or", B)),
        ("not a", ir.Unary("not", A)),
        ("~a", ir.Unary("BitInvert", A)),
        ("a < b", ir.Compare(A, (("LessThan", B),))),
        ("a if b else 1", ir.Conditional(B, A, ir.Constant(1))),
        ("[a, *b]", ir.Sequence("list", (A, ir.Starred(B)))),
        ("(a, b)", ir.Sequence("tuple", (A, B))),
        ("{a, b}", ir.Sequence("set", (A, B))),
        ("{a: b, **a}", ir.Mapping(((A, B), (None, A)))),
        ("[a for a in b]", ir.Comprehension("list", None, A, (B,))),
        ("{a for a in b}", ir.Comprehension("set", None, A, (B,))),
        ("(a for a in b)", ir.Comprehension("generator", None, A, (B,))),
        ("{a: b for a in b}", ir.Comprehension("dict", A, B, (B,))),
        ("(a := b)", B),
        ("...", ir.Opaque("ellipsis")),
        ("1j", ir.Opaque("imaginary")),
        (r"'\N{no such name}'", ir.Opaque("string that can't be read")),
    ],
)
def test_expressions(source: str, expected: ir.Expr) -> None:
    found = value(source)

    assert (found, type(getattr(found, "value", None))) == (expected, type(getattr(expected, "value", None)))


def test_arguments_of_calls() -> None:
    found = value("f(a, *b, k=a, **b)")

    assert isinstance(found, ir.Call)
    assert found.arguments == (
        ir.Argument(A),
        ir.Argument(B, None, "*"),
        ir.Argument(A, "k"),
        ir.Argument(B, None, "**"),
    )
    assert (found.position(0), found.position(1), found.keyword("k"), found.keyword("j")) == (A, None, A, None)


# --- The module ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if __name__ == '__main__': f()", True),
        ('if "__main__" == __name__:\n    f()', True),
        ("if __name__ == 'app': f()", False),
        ("def f():\n    if __name__ == '__main__': g()", False),
    ],
)
def test_a_program_that_can_be_started(source: str, expected: bool) -> None:
    assert lower("app.py", source).is_main is expected


def test_comments_that_talk_to_brokerlint() -> None:
    found = lower("app.py", "x = 1  # brokerlint: ignore[ARC111] why\n# other\n#brokerlint: wrapper\n")

    assert [(one.line, one.text) for one in found.comments] == [
        (1, "brokerlint: ignore[ARC111] why"),
        (3, "brokerlint: wrapper"),
    ]
    assert found.lines == 4


@pytest.mark.parametrize(("source", "line"), [("x = 1\ny = = 2\n", 2), ("def f(:\n", 1), ("if a:\nb\n", 2)])
def test_what_does_not_parse_says_where(source: str, line: int) -> None:
    with pytest.raises(SourceError) as raised:
        lower("app.py", source)

    assert raised.value.line == line
    assert str(raised.value)

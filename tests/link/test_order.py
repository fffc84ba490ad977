"""What is known does not depend on what was asked first, even where definitions lead back to themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerlint.link.evaluate import Evaluator
from brokerlint.link.program import Program
from brokerlint.link.values import Const
from brokerlint.models.load import builtin, index

MODELS = index(builtin())


def text(graph: list[list[int]]) -> str:
    """Functions that return their own number, or what others return; ``f0`` is what calling the first one gives."""
    lines = []
    for number, others in enumerate(graph):
        lines.append(f"def function{number}():")
        lines += [f"    if input() == '{other}':\n        return function{other}()" for other in others]
        lines.append(f"    return 'n{number}'")
    return "\n".join([*lines, *(f"f{number} = function{number}()" for number in range(len(graph)))]) + "\n"


def reachable(graph: list[list[int]], start: int) -> set[str]:
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += graph[one]
    return {f"n{one}" for one in seen}


graphs = st.integers(2, 4).flatmap(
    lambda size: st.tuples(
        st.lists(st.lists(st.integers(0, size - 1), max_size=3, unique=True), min_size=size, max_size=size),
        st.permutations(range(size)),
    )
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graphs)
def test_functions_that_call_each_other_return_all_that_can_be_reached(
    program: Callable[[Mapping[str, str]], Program], drawn: tuple[list[list[int]], list[int]]
) -> None:
    graph, order = drawn
    evaluator = Evaluator(program({"app.py": text(graph)}), MODELS)
    for number in order:
        found = evaluator.member("app.py", f"f{number}")
        assert {value.value for value in found if isinstance(value, Const)} == reachable(graph, number)

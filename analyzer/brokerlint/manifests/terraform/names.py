"""The files of a Terraform module: which names they declare, and which they use without declaring them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from brokerlint.manifests.terraform import hcl

MADE_OF_ARGUMENTS = ("aws_iam_policy_document", "template_file", "null_data_source")
"""Data sources that only put their own arguments together."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a module, its secrets left out; ``given`` are the values of a ``.tfvars`` file."""

    path: str
    blocks: tuple[hcl.Block, ...] = ()
    given: tuple[hcl.Argument, ...] = ()


def declared_names(sources: Iterable[Source]) -> frozenset[str]:
    """Variables, locals and data sources (``var.x``, ``local.x``, ``data.type.name``) that the files declare."""
    found: set[str] = set()
    for source in sources:
        for block in source.blocks:
            if block.type == "locals":
                found |= {f"local.{one.name}" for one in block.arguments}
            elif block.type == "variable":
                found |= {f"var.{label}" for label in block.labels}
            elif block.type == "data":
                found.add(".".join(("data", *block.labels)))
    return frozenset(found)


def undeclared(sources: Iterable[Source]) -> frozenset[str]:
    """Names that the files use and don't declare, apart from data sources that are not read."""
    files = list(sources)
    used = {name for source in files for block in source.blocks for name in _in_block(block)}
    return frozenset(used - declared_names(files))


def _in_block(block: hcl.Block) -> Iterator[str]:
    for argument in block.arguments:
        yield from _in(argument.value)
    for inner in block.blocks:
        yield from _in_block(inner)


def _in(expression: hcl.Expression | None) -> Iterator[str]:
    """The names in an expression."""
    if isinstance(expression, hcl.Attribute):
        steps = _steps(expression)
        length = {"var": 2, "local": 2, "data": 3}.get(steps[0], 0) if steps else 0
        if length and len(steps) >= length and (length == 2 or steps[1] in MADE_OF_ARGUMENTS):
            yield ".".join(steps[:length])
        yield from _in(expression.of)
    elif expression is not None:
        for inner in _parts(expression):
            yield from _in(inner)


def _steps(expression: hcl.Expression) -> list[str]:
    """``a.b.c`` as its names; nothing when it starts with anything else than a name."""
    steps: list[str] = []
    while isinstance(expression, hcl.Attribute):
        steps.append(expression.name)
        expression = expression.of
    return [expression.id, *reversed(steps)] if isinstance(expression, hcl.Name) else []


def _parts(expression: hcl.Expression) -> Iterator[hcl.Expression | None]:
    """What an expression is directly made of."""
    if isinstance(expression, hcl.Template):
        yield from expression.parts
    elif isinstance(expression, hcl.Index):
        yield from (expression.of, expression.key)
    elif isinstance(expression, hcl.Splat):
        yield expression.of
    elif isinstance(expression, hcl.Call):
        yield from expression.arguments
    elif isinstance(expression, hcl.Tuple):
        yield from expression.items
    elif isinstance(expression, hcl.Object):
        for key, value, _ in expression.items:
            yield from (key, value)
    elif isinstance(expression, hcl.Conditional):
        yield from (expression.test, expression.yes, expression.no)
    elif isinstance(expression, hcl.Operation):
        yield from (expression.left, expression.right)
    elif isinstance(expression, hcl.For):
        yield from (expression.source, expression.key, expression.value, expression.condition)

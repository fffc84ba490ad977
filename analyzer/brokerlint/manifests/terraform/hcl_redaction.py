"""HCL without what must not be kept, as ``redaction`` does it for YAML."""

from __future__ import annotations

from dataclasses import replace

from brokerlint.manifests.privacy import keeps, secret
from brokerlint.manifests.terraform.hcl import (
    Argument,
    Block,
    Call,
    Conditional,
    Expression,
    For,
    Literal,
    Object,
    Template,
    Tuple,
    Unknown,
)

LEFT_OUT = Unknown("not kept")

_ENVIRONMENTS = ("variables", "environment_variables", "environment", "env_vars", "env")
_NO_SECRETS = (
    "kms_master_key_id",
    "kms_key_id",
    "kms_key_arn",
    "s3_key",
    "source_code_hash",
    "key",
    "secrets",
    "token",
)


def redacted_block(block: Block) -> Block:
    """The block with its arguments and inner blocks without secrets."""
    if block.type == "variable" and block.labels:
        return replace(block, arguments=tuple(_default(block.labels[0], one) for one in block.arguments), blocks=())
    return replace(
        block,
        arguments=tuple(redacted_argument(one) for one in block.arguments),
        blocks=tuple(redacted_block(one) for one in block.blocks),
    )


def redacted_argument(argument: Argument) -> Argument:
    """The argument without secrets."""
    return replace(argument, value=_redacted(argument.name, argument.value, argument.name in _ENVIRONMENTS))


def _default(name: str, argument: Argument) -> Argument:
    return replace(argument, value=_redacted(name, argument.value, False)) if argument.name == "default" else argument


def _redacted(name: str, value: Expression, environment: bool) -> Expression:
    """The value of ``name``; in an environment only telling values are kept."""
    if isinstance(value, Literal):
        if not isinstance(value.value, str) or name in _NO_SECRETS:
            return value
        wrong = not keeps(name, value.value) if environment else secret(name, value.value)
        return LEFT_OUT if wrong else value
    if isinstance(value, Template):
        texts = [part.value for part in value.parts if isinstance(part, Literal) and isinstance(part.value, str)]
        return LEFT_OUT if any(secret("", text) for text in texts) else value
    if isinstance(value, Object):
        return Object(tuple((k, _redacted(_key(k) or name, v, environment), line) for k, v, line in value.items))
    if isinstance(value, Tuple):
        return Tuple(tuple(_redacted(name, item, environment) for item in value.items))
    if isinstance(value, Call):
        return replace(value, arguments=tuple(_redacted(name, one, environment) for one in value.arguments))
    if isinstance(value, Conditional):
        return replace(value, yes=_redacted(name, value.yes, environment), no=_redacted(name, value.no, environment))
    if isinstance(value, For):
        return replace(value, value=_redacted(name, value.value, environment))
    return value


def _key(expression: Expression) -> str:
    return expression.value if isinstance(expression, Literal) and isinstance(expression.value, str) else ""

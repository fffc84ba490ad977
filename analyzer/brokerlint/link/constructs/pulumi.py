"""Pulumi programs: resources of ``pulumi_aws`` are Terraform's under other names, and are read as those."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from brokerlint.link import calls
from brokerlint.link.constructs.assets import Folders
from brokerlint.link.constructs.identities import Construct, Constructs
from brokerlint.link.constructs.reading import Reading, Spelling, arguments_of, keywords, structs
from brokerlint.link.constructs.vocabulary import CALLED, Packages
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.values import Client, FunctionValue, Record, Values
from brokerlint.manifests.aws.resources import Estate
from brokerlint.manifests.facts import Hole, Reference, Value
from brokerlint.manifests.terms import Term, concat, literal, mapping, pattern
from brokerlint.manifests.terraform.modules import Declared
from brokerlint.manifests.terraform.resources import resources
from brokerlint.manifests.terraform.table import READ
from brokerlint.models.model import Argument

_NAMES = {
    "sqs.RedrivePolicy": "aws_sqs_queue_redrive_policy",
    "sqs.RedriveAllowPolicy": "aws_sqs_queue_redrive_allow_policy",
    "s3.BucketV2": "aws_s3_bucket",
}
"""Classes whose Terraform types don't follow from their names."""

_ARGUMENTS = {
    "aws_sns_topic_subscription": {"topic": "topic_arn"},
    "aws_lambda_function": {"name": "function_name"},
}
"""Arguments with names of their own."""

_SPELLING = Spelling(lambda key: "filter" if key == "filters" else key)
_OWN_KEYWORDS = frozenset({"resource_name", "opts", "code"})
_APPLY = f".apply{CALLED}"


def terraform_type(kind: str) -> str:
    """Terraform's type of a class such as ``lambda_.EventSourceMapping``; "" for one that is not read."""
    if kind in _NAMES:
        return _NAMES[kind]
    module, _, name = kind.partition(".")
    if not name[:1].isupper() or "." in name:
        return ""
    found = f"aws_{module.rstrip('_')}{re.sub(r'(?=[A-Z])', '_', name).lower()}"
    return found if found in READ else ""


def packages() -> Packages:
    """How Pulumi's packages are called, and which classes are resources."""
    return Packages(
        "pulumi:",
        ("pulumi_aws.", "pulumi."),
        None,
        Argument((0, "resource_name")),
        lambda path: bool(terraform_type(path)),
    )


def estate(evaluator: Evaluator, constructs: Constructs, folders: Folders) -> Estate:
    """The resources of a program."""
    reading = Reading(constructs, _Meanings(evaluator).of, _refer)
    declared = [_declared(one, reading.of(one), folders) for one in constructs.all]
    return Estate.of(resources(declared))


def _refer(construct: Construct, attributes: str) -> Value:
    return Reference(construct.key, attributes)


def _declared(one: Construct, reading: Reading, folders: Folders) -> Declared:
    place = one.made.place
    kind = terraform_type(one.kind)
    names = _ARGUMENTS.get(kind, {})
    arguments = {
        names.get(key, key): reading.term(values, place.line, _SPELLING)
        for key, values in keywords(one.made.args)
        if key not in _OWN_KEYWORDS
    }
    roots = dict.fromkeys(_code(reading.at(one.made.args, "code"), reading, folders))
    arguments["source_dir"] = Term(tuple(literal(root) for root in roots) or None)
    return Declared(one.key, kind, one.logical, place.path, place.line, mapping(arguments), False, "")


def _code(values: Values, reading: Reading, folders: Folders) -> Iterator[str]:
    """The folders of ``FileArchive("./app")`` and ``AssetArchive({".": FileArchive("./app")})``."""
    for struct in structs(values):
        args = arguments_of(struct)
        if struct.model.endswith((".FileArchive", ":FileArchive", ":FileAsset")):
            root = folders.found(pattern(reading.term(reading.at(args, "0|path")).value), reading.path)
            if root:
                yield root
        else:
            for value in reading.at(args, "0|assets"):
                if isinstance(value, Record):
                    yield from _code((value,), reading, folders)


class _Meanings:
    """Outputs: values that are known later, and what is made of them."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._ev = evaluator

    def of(self, reading: Reading, client: Client) -> Term | None:
        """The value that an object stands for; None where it stands for nothing but its arguments."""
        kind = client.model.partition(":")[2].removesuffix(CALLED)
        args = arguments_of(client)
        if client.model.endswith(_APPLY):
            return self._applied(reading, client, args)
        if kind in ("json.dumps", "Output.json_dumps", "Output.from_input", "Output.secret", "Output.format"):
            return reading.term(args[0][1]) if args else None
        if kind == "Output.concat":
            return Term(concat(reading.term(values).value for _, values in args))
        return None

    def _applied(self, reading: Reading, client: Client, args: calls.Args) -> Term:
        """``queue.arn.apply(lambda arn: ...)``: what the function makes of the value."""
        before = Client(client.model.removesuffix(_APPLY), client.carried, (), client.site)
        given: Values = (before,)
        if before.model.endswith("Output.all"):
            given = client.carry("before") or ()
        functions = [value for _, values in args[:1] for value in values if isinstance(value, FunctionValue)]
        made: Iterable[Term] = (reading.term(calls.apply(self._ev, one, [("", given)])) for one in functions)
        return next((term for term in made if term), Term(Hole("an output")))

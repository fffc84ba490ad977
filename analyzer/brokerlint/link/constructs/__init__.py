"""Infrastructure that is written in Python (AWS CDK, Pulumi): read with the program, never run.

The code is walked as it would run, its constructs become resources in CloudFormation's vocabulary, and these mean what
they mean in a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from brokerlint.link.constructs import methods, pulumi
from brokerlint.link.constructs.assets import Folders
from brokerlint.link.constructs.cdk import Drawing
from brokerlint.link.constructs.identities import Constructs
from brokerlint.link.constructs.images import Images
from brokerlint.link.constructs.table import cdk_table
from brokerlint.link.constructs.vocabulary import Packages, recording
from brokerlint.link.constructs.walk import Walk
from brokerlint.link.evaluate import Evaluator
from brokerlint.manifests.aws import facts_of
from brokerlint.manifests.aws.resources import Estate
from brokerlint.manifests.facts import ManifestFacts
from brokerlint.models.model import Argument
from brokerlint.read import Sources

_TESTS = re.compile(r"(^|/)tests?/|(^|/)test_[^/]*\.py$|_test\.py$|(^|/)conftest\.py$")


def facts(evaluator: Evaluator, sources: Sources, paths: Iterable[str]) -> ManifestFacts:
    """What infrastructure code in the program declares; nothing is read when no file mentions such a library.

    Takes the program's evaluator, its sources and all paths of the tree.
    """
    files = [path for path in sources.mentioning_any(tuple(_READERS)) if not _TESTS.search(path)]
    found = ManifestFacts()
    for word, read in _READERS.items() if files else ():
        own = [path for path in files if word in sources.text(path)]
        if own:
            sources.read(own)
            found = found + facts_of(read(evaluator, sources, own, Folders(paths)))
    return found


def _cdk(evaluator: Evaluator, sources: Sources, paths: list[str], folders: Folders) -> Estate:
    table = cdk_table()
    packages = Packages(
        "cdk:",
        ("aws_cdk.core.", "aws_cdk.", "aws_solutions_constructs.", "constructs."),
        Argument((0, "scope")),
        Argument((1, "id", "construct_id")),
        table.is_construct,
    )
    own = Evaluator(evaluator.program, recording(packages), evaluator.files)
    walk = Walk(own, paths, lambda path: table.is_wanted(packages.kind(path)), methods.names(table))
    drawing = Drawing(table, Constructs(own, walk.made), folders, Images(folders, sources.text))
    for act in walk.acts:
        methods.call(drawing, act)
    return drawing.estate()


def _pulumi(evaluator: Evaluator, sources: Sources, paths: list[str], folders: Folders) -> Estate:
    packages = pulumi.packages()
    own = Evaluator(evaluator.program, recording(packages), evaluator.files)
    walk = Walk(own, paths, lambda path: packages.is_construct(packages.kind(path)), frozenset())
    return pulumi.estate(own, Constructs(own, walk.made), folders)


_READERS: Mapping[bytes, Callable[[Evaluator, Sources, list[str], Folders], Estate]] = {
    b"aws_cdk": _cdk,
    b"pulumi_aws": _pulumi,
}
"""How infrastructure code is read that uses a library, by the word that tells so."""

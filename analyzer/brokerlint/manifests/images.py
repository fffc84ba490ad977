"""Container images: which Dockerfile of the tree builds one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache

from brokerlint.manifests.layout import likely_context
from brokerlint.manifests.products import is_infrastructure, repository
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.tree import Tree

_KINDS = frozenset(
    "service svc app application image docker container api server backend worker consumer lambda function".split()
)


def dockerfile_of(tree: Tree, context: str, name: str = "") -> str | None:
    """The path of the Dockerfile ``name`` (relative to the context); the usual names when it is empty."""
    files = tree.of("dockerfile")
    for candidate in (name,) if name else ("Dockerfile", "dockerfile", "Containerfile"):
        for folder in (context, "") if name else (context,):
            path = posixpath.normpath(posixpath.join(folder, candidate))
            if path in files:
                return path
    return None


def by_image_name(tree: Tree, image: str) -> str | None:
    """The Dockerfile that seems to build ``image``: its folder, or the ending of its name, is called like the image.

    ``orders/Dockerfile`` builds ``acme/orders``, ``orders-service`` and ``shop-orders``, if no other fits as well.
    """
    wanted = repository(image).lower()
    for fits in (_same, _same_but_for_kind, _ends_with):
        found = [path for path in tree.of("dockerfile") if any(fits(wanted, name) for name in _names(path))]
        plain = [path for path in found if posixpath.basename(path).lower() == "dockerfile"]
        if found:
            return (plain or found)[0] if len(plain or found) == 1 else None
    return None


def _names(path: str) -> set[str]:
    """What the image of a Dockerfile may be called."""
    folder, file = posixpath.split(path.lower())
    return {posixpath.basename(folder), *re.split(r"[._]", file)[1:], file.removesuffix(".dockerfile")} - {"dockerfile"}


def _same(image: str, name: str) -> bool:
    return len(name) > 2 and _plain(image) == _plain(name)


def _same_but_for_kind(image: str, name: str) -> bool:
    own = _telling(name)
    return bool(own) and _telling(image) == own


def _ends_with(image: str, name: str) -> bool:
    own = _telling(name)
    return bool(own) and len("".join(own)) > 3 and _telling(image)[-len(own) :] == own


def _telling(name: str) -> list[str]:
    """The words of a name without those that only say what kind of program it is."""
    return [word for word in re.split(r"[^a-z0-9]+", name) if word and word not in _KINDS]


def build_of(tree: Tree, image: str, name: str, manifest: str, own: bool = False) -> tuple[str, str] | None:
    """Context folder and Dockerfile of an image that a workload called ``name`` runs by the file ``manifest``.

    By a compose file that builds it; by the Dockerfile's folder or ending; because the tree builds only one image, if
    the manifest is not just for developers; and, for an application of the tree's ``own``, because the Dockerfile is
    the nearest above the manifest.
    """
    if is_infrastructure(image):
        return None
    wanted = {_plain(repository(image)), _plain(name)} - {""}
    for path, file in sorted(tree.of("compose").items()):
        for container in file.containers.values():
            names = {_plain(repository(container.image)), _plain(container.name)} - {""}
            if container.build is not None and not names.isdisjoint(wanted):
                context = posixpath.normpath(posixpath.join(posixpath.dirname(path), container.build.context))
                context = "" if context == "." else context
                dockerfile = dockerfile_of(tree, context, container.build.dockerfile)
                if dockerfile:
                    return context, dockerfile
    files = tree.of("dockerfile")
    found = by_image_name(tree, image) or by_image_name(tree, name)
    if not found and (own or profile_of(manifest) not in ("dev", "test")):
        found = _only(files) or (_above(files, manifest) if own else None)
    return (likely_context(tree, found, files[found].stage()), found) if found else None


def _only(files: Iterable[str]) -> str | None:
    """The only Dockerfile, or the only one of the plain name, among those that are not just for developers."""
    kept = [path for path in files if not only_for_development(path)]
    plain = [path for path in kept if posixpath.basename(path).lower() == "dockerfile"]
    return kept[0] if len(kept) == 1 else plain[0] if len(plain) == 1 else None


def _above(files: Iterable[str], manifest: str) -> str | None:
    """The Dockerfile in the nearest folder above a manifest."""
    folder = manifest
    while folder:
        folder = posixpath.dirname(folder)
        path = posixpath.join(folder, "Dockerfile")
        if path in files:
            return path
    return None


def only_for_development(path: str) -> bool:
    """Whether a Dockerfile is for tests, checks or a developer's machine, by the words of its path."""
    words = re.split(r"[._/-]", path.lower())
    return not {"test", "tests", "dev", "devel", "development", "ci", "docs", "lint", "base"}.isdisjoint(words)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())

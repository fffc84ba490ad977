"""Images: which Dockerfile builds one, judged by names."""

from __future__ import annotations

import pytest

from brokerlint.manifests.formats import dockerfile
from brokerlint.manifests.images import build_of, by_image_name, dockerfile_of
from brokerlint.manifests.tree import Tree


def tree_of(*paths: str) -> Tree:
    image = dockerfile.read("Dockerfile", "FROM python\nCOPY . .\n")
    return Tree(frozenset((*paths, "app.py")), {"dockerfile": dict.fromkeys(paths, image)})


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("registry/acme/orders:1", "services/orders/Dockerfile"),
        ("orders-service", "services/orders/Dockerfile"),
        ("shop-orders", "services/orders/Dockerfile"),
        ("acme/order_mailer", "docker/Dockerfile.order-mailer"),
        ("billing", "build/billing.Dockerfile"),
        ("service", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_an_image_is_built_by_what_is_called_like_it(image: str, path: str | None) -> None:
    tree = tree_of("services/orders/Dockerfile", "docker/Dockerfile.order-mailer", "build/billing.Dockerfile")
    assert by_image_name(tree, image) == path


def test_of_two_that_fit_none_is_taken() -> None:
    assert by_image_name(tree_of("a/orders/Dockerfile", "b/orders/Dockerfile"), "orders") is None


def test_the_only_image_of_a_tree_is_that_of_its_workloads_unless_only_developers_use_the_manifest() -> None:
    tree = tree_of("Dockerfile", "Dockerfile.test")
    assert build_of(tree, "acme/shop", "shop", "deploy/shop.yaml") == ("", "Dockerfile")
    assert build_of(tree, "acme/shop", "shop", "dev/shop.yaml") is None
    assert build_of(tree, "redis", "shop", "deploy/shop.yaml") is None


def test_the_nearest_above_is_taken_for_the_own_application() -> None:
    tree = tree_of("Dockerfile", "tool/Dockerfile", "mock/Dockerfile")
    assert build_of(tree, "acme/shop", "shop", "deploy/clowdapp.yaml", own=True) == ("", "Dockerfile")
    assert build_of(tree, "acme/shop", "shop", "deploy/clowdapp.yaml") is None


def test_the_dockerfile_of_a_build_is_relative_to_its_context() -> None:
    tree = tree_of("a/Dockerfile", "a/docker/Dockerfile.web")
    assert dockerfile_of(tree, "a") == "a/Dockerfile"
    assert dockerfile_of(tree, "a", "docker/Dockerfile.web") == "a/docker/Dockerfile.web"
    assert dockerfile_of(tree, "b") is None

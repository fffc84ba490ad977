"""Declared services and environments win over what was found."""

from __future__ import annotations

from functools import partial

from brokerlint.config import ServiceDeclaration
from brokerlint.declared import with_environments, with_services
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service
from brokerlint.globs import below
from brokerlint.places import Place

here = partial(below, directory="")


def endpoint(path: str, *services: str, marked: str | None = None) -> Endpoint:
    name = Name("exact", "orders", service=marked)
    return Endpoint(
        path, Place(path, 1), "f", "sqs", "consume", "boto3", "receive", (ChannelName("sqs", name),), (), services
    )


FACTS = Facts(
    services=(
        Service("web", ("shop/web",), "container", evidence=(Place("compose.yml", 3),)),
        Service("jobs", ("shop/jobs",), evidence=(Place("compose.yml", 9),)),
        Service("mail", ("mail",), environment="dev", evidence=(Place("deploy/live/mail.yaml", 1),)),
    ),
    channels=(
        Channel("sqs:orders", "sqs", "queue", Name("exact", "orders"), declared_at=(Place("deploy/live/q.yaml", 2),)),
    ),
    endpoints=(
        endpoint("shop/web/app.py", "web", marked="web"),
        endpoint("shop/lib/bus.py"),
        endpoint("mail/app.py", "mail"),
    ),
    links=(Link("event_source_mapping", "sqs:orders", "service:jobs", Place("t.yaml", 5)),),
)


def test_a_declared_service_takes_in_what_was_found_inside() -> None:
    facts = with_services(FACTS, [ServiceDeclaration("shop", ("shop",), owners=("team-a",))], here)
    assert [service.name for service in facts.services] == ["mail", "shop"]
    shop = facts.services[1]
    assert (shop.platform, shop.roots, shop.owners, shop.program) == ("container", ("shop",), ("team-a",), "shop")
    assert shop.evidence == (Place("compose.yml", 3), Place("compose.yml", 9))
    assert [e.services for e in facts.endpoints] == [("shop",), ("shop",), ("mail",)]
    assert facts.endpoints[0].channels[0].name.service == "shop"
    assert facts.links[0].target == "service:shop"


def test_a_service_inside_another_one_counts() -> None:
    declared = [ServiceDeclaration("shop", ("shop",)), ServiceDeclaration("web-api", ("shop/web",))]
    facts = with_services(FACTS, declared, here)
    assert [e.services for e in facts.endpoints] == [("web-api",), ("shop",), ("mail",)]


def test_roots_are_relative_to_the_configuration() -> None:
    facts = with_services(FACTS, [ServiceDeclaration("shop", ("repo/shop",))], partial(below, directory="repo"))
    assert facts.endpoints[1].services == ("shop",)
    assert with_services(FACTS, [ServiceDeclaration("shop", ("shop",))], partial(below, directory="repo")) == FACTS


def test_the_whole_tree_can_be_one_service() -> None:
    facts = with_services(FACTS, [ServiceDeclaration("all", (".",))], here)
    assert [service.name for service in facts.services] == ["all"]
    assert {e.services for e in facts.endpoints} == {("all",)}


def test_an_environment_holds_for_what_its_manifests_describe() -> None:
    facts = with_environments(FACTS, {"prod": ("deploy/live/**",)}, here)
    assert [service.environment for service in facts.services] == ["unknown", "unknown", "prod"]
    assert facts.channels[0].environment == "prod"


def test_without_declarations_nothing_changes() -> None:
    assert with_services(FACTS, [], here) is FACTS
    assert with_environments(FACTS, {}, here) is FACTS

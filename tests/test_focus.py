"""What is near a service or channel: steps lead from services to channels and back."""

from __future__ import annotations

import pytest

from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Role, Service, Unresolved
from brokerlint.focus import UnknownNodeError, focus
from brokerlint.places import Place


def use(service: str, role: Role, *names: Name) -> Endpoint:
    channels = tuple(ChannelName("kafka", name) for name in names)
    place = Place(f"{service}.py", 1 if role == "produce" else 2)
    return Endpoint(f"{service}-{role}", place, "f", "kafka", role, "lib", "call", channels, (), (service,))


def exact(text: str) -> Name:
    return Name("exact", text, origin="literal")


def chain() -> Facts:
    """shop -> orders -> billing -> invoices -> archive, and an island."""
    return Facts(
        tuple(Service(name) for name in ("shop", "billing", "archive", "island")),
        (Channel("kafka:orders", "kafka", "topic", exact("orders"), declared_at=(Place("t.yaml", 1),)),),
        (
            use("shop", "produce", exact("orders")),
            use("billing", "consume", exact("orders")),
            use("billing", "produce", exact("invoices"), exact("mails")),
            use("archive", "consume", exact("invoices")),
            use("island", "produce", exact("sand")),
        ),
        (Link("connector", "kafka:invoices", "external:s3", Place("c.json", 1)),),
        (
            Unresolved(Place("shop.py", 1), "kafka", "group", "read from a file"),
            Unresolved(Place("elsewhere.py", 1), "kafka", "channel", "read from a file"),
        ),
    )


def names(facts: Facts) -> tuple[set[str], set[str]]:
    services = {service.name for service in facts.services}
    return services, {str(c.name.text) for endpoint in facts.endpoints for c in endpoint.channels}


@pytest.mark.parametrize(
    ("node", "depth", "services", "channels"),
    [
        ("orders", 0, set(), set()),
        ("orders", 1, {"shop", "billing"}, {"orders"}),
        ("kafka:orders", 2, {"shop", "billing"}, {"orders", "invoices", "mails"}),
        ("orders", 3, {"shop", "billing", "archive"}, {"orders", "invoices", "mails"}),
        ("shop", 1, {"shop"}, {"orders"}),
        ("shop", 2, {"shop", "billing"}, {"orders"}),
        ("island", 9, {"island"}, {"sand"}),
    ],
)
def test_a_step_leads_from_a_service_to_a_channel_or_back(
    node: str, depth: int, services: set[str], channels: set[str]
) -> None:
    assert names(focus(chain(), node, depth)) == (services, channels)


def test_a_channel_alone_keeps_what_is_declared_about_it() -> None:
    assert [channel.id for channel in focus(chain(), "orders", 0).channels] == ["kafka:orders"]


def test_an_endpoint_keeps_only_channels_that_are_near() -> None:
    near = focus(chain(), "archive", 2)
    (producing,) = (endpoint for endpoint in near.endpoints if endpoint.role == "produce")
    assert [channel.id for channel in producing.channels] == ["kafka:invoices"]


def test_links_come_with_both_of_their_ends() -> None:
    assert focus(chain(), "shop", 2).links == ()
    assert len(focus(chain(), "archive", 2).links) == 1


def test_what_is_not_known_near_by_stays() -> None:
    assert [item.what for item in focus(chain(), "shop", 1).unresolved] == ["group"]


def test_a_variable_of_unknown_value_is_no_bridge_between_services() -> None:
    variable = Name("env", env="TOPIC")
    facts = Facts((Service("a"), Service("b")), (), (use("a", "produce", variable), use("b", "consume", variable)))
    assert names(focus(facts, "a", 5))[0] == {"a"}


def test_a_name_with_holes_is_the_channel_it_fits() -> None:
    fitting = (use("a", "produce", exact("orders-eu")), use("b", "consume", Name("pattern", "orders-*")))
    facts = Facts((Service("a"), Service("b")), (), fitting)
    assert names(focus(facts, "a", 2))[0] == {"a", "b"}


def test_an_unknown_word_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNodeError, match=r"no service or channel 'order'; did you mean orders or "):
        focus(chain(), "order")

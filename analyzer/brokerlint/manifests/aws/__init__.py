"""What resources of AWS mean: services, channels, links and permissions, whatever format declared them."""

from __future__ import annotations

from brokerlint.manifests.aws.channels import channels
from brokerlint.manifests.aws.links import links
from brokerlint.manifests.aws.permissions import hints
from brokerlint.manifests.aws.resources import Estate
from brokerlint.manifests.aws.services import services
from brokerlint.manifests.facts import ChannelFact, LinkFact, ManifestFacts


def facts_of(estate: Estate) -> ManifestFacts:
    """Everything that an estate says."""
    declared = tuple(channels(estate))
    own = tuple(one for one in declared if isinstance(one, LinkFact))
    return ManifestFacts(
        tuple(services(estate)),
        tuple(one for one in declared if isinstance(one, ChannelFact)),
        own + tuple(links(estate)),
        tuple(hints(estate)),
    )

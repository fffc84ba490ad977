"""Signals about what surrounds a channel: the team, the platform, and the cluster that runs anyway."""

from __future__ import annotations

from collections.abc import Mapping

from brokerlint.advising.evidence import Answer
from brokerlint.topology import ChannelNode
from brokerlint.topology import signals as seen

AWS_SYSTEMS = frozenset({"sqs", "sns", "eventbridge", "kinesis", "firehose"})
_ADVISED = AWS_SYSTEMS | {"kafka"}
_SHORT = ("dev", "test")


def team_capacity(channel: ChannelNode) -> Answer:
    """How much operating the team can take on, as declared."""
    declared = channel.topology.declarations.team_ops_capacity
    if declared == "medium":
        return Answer(None, note="declared medium: enough for a managed cluster")
    return Answer({"high": True, "low": False}.get(declared), declared=True, note=f"team_ops_capacity: {declared}")


def well_operated(channel: ChannelNode) -> Answer | None:
    """Whether the basics of operating the cluster are there: replication, and what a manifest tells."""
    if channel.system != "kafka":
        return None
    gaps, places = 0, []
    for cluster in channel.topology.channels(system="kafka", kind="cluster"):
        if cluster.environment in _SHORT or str(cluster.property("cluster_kind")) == "compose":
            continue
        basics = cluster.property("basics")
        missing = [key for key, there in basics.items() if there is False] if isinstance(basics, Mapping) else []
        copies = cluster.property("replication_factor")
        gaps += len(missing) + (isinstance(copies, int) and copies < 2)
        places += [cluster.place] if cluster.place else []
    if not places:
        return Answer(None)
    fine = gaps < channel.topology.declarations.threshold("operating_gaps")
    return Answer(fine, tuple(places), note=f"{gaps} gap{'s' * (gaps != 1)} in its manifests", weight=1 if fine else 2)


def aws_native(channel: ChannelNode) -> Answer:
    """Whether the system uses AWS's own messaging more than anything else."""
    others = [node for node in channel.topology.channels(system=tuple(_ADVISED)) if node.uses and node is not channel]
    own = sum(node.system in AWS_SYSTEMS for node in others)
    if channel.system in AWS_SYSTEMS:
        return Answer(True, note="it is an AWS service already")
    if not others:
        return Answer(None)
    return Answer(own * 2 > len(others), note=f"{own} of {len(others)} other channels are AWS services")


def serverless(channel: ChannelNode) -> Answer:
    """Functions consume it."""
    functions = channel.consumers().where(lambda use: bool(use.service and use.service.platform == "lambda"))
    return Answer(True, tuple(use.place for use in functions)) if functions else Answer(None)


def log_in_place(channel: ChannelNode) -> Answer | None:
    """Other topics of the same system are used as logs, so its cluster runs anyway."""
    if channel.system != "kafka":
        return None
    others = [node for node in channel.topology.channels(system="kafka") if node is not channel and node.uses]
    for other in others:
        reasons = [*seen.log_uses(other)]
        if reasons:
            where = (other.place,) if other.place else ()
            return Answer(True, where, note=f"{other.label}: {reasons[0]}")
    return Answer(None)

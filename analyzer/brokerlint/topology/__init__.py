"""The topology: services, channels, groups and endpoints as one graph, asked in the field's own words.

``build`` makes it from facts, ``query`` and ``channel`` hold what checks and reports ask, ``openworld`` says whether
absence counts.
"""

from brokerlint.topology.build import build
from brokerlint.topology.channel import ChannelNode, Group
from brokerlint.topology.cycles import Cycle
from brokerlint.topology.declarations import ChannelDeclaration, Declarations
from brokerlint.topology.openworld import Closure, closure
from brokerlint.topology.query import Topology
from brokerlint.topology.uses import Use, Uses

__all__ = [
    "ChannelDeclaration",
    "ChannelNode",
    "Closure",
    "Cycle",
    "Declarations",
    "Group",
    "Topology",
    "Use",
    "Uses",
    "build",
    "closure",
]

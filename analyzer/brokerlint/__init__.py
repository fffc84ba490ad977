"""An architecture linter for messaging in Python.

The stages, in the order in which data meets them: ``discover`` finds files, ``read`` turns each into a summary,
``link`` resolves names over the whole program, ``topology`` builds the graph, ``checking`` runs checks on it,
``report`` prints. ``pipeline`` goes from a tree to facts, ``verdict`` from facts to findings; ``cli`` is the command
line.
"""

__version__ = "0.1.0"

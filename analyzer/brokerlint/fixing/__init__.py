"""Fixes: the edits that findings carry are made in the sources, formatting kept, and the result is looked at again.

``layout`` and ``syntax`` know Python text, ``calls``, ``configuration`` and ``flow`` make one kind of edit each,
``repairing`` decides which fixes are made and takes back those that do not cure.
"""

from brokerlint.fixing.edits import NotMadeError, edited
from brokerlint.fixing.repairing import Left, Repair, repair

__all__ = ["Left", "NotMadeError", "Repair", "edited", "repair"]

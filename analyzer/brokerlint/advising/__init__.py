"""Advice: which technology a channel's observed use fits, why, what speaks against, and what it would cost.

``signals`` gathers evidence, ``needs`` turns it into what the channel needs, ``scoring`` weighs the ``candidates``,
``advice`` words the verdict, ``questions`` asks for what would decide, ``cost`` estimates.
"""

from brokerlint.advising.advice import SYSTEMS, Advice, Report, SystemAdvice, advise, advise_system, advised
from brokerlint.advising.prices import PriceError

__all__ = ["SYSTEMS", "Advice", "PriceError", "Report", "SystemAdvice", "advise", "advise_system", "advised"]

"""Behaviour: what the code around an endpoint does, as facts.

Where linking tells *which* channel a call names, this package tells *how* it is used: when a message is acknowledged
relative to the work, what becomes of a send's answer, where a producer is flushed. One module per idea; each answers
true, false or unknown, and unknown means that the key is absent.
"""

from brokerlint.link.behaviour.observer import Observer, behaviour

__all__ = ["Observer", "behaviour"]

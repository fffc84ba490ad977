"""Limits, defaults, thresholds and prices as dated tables: YAML files beside this module.

Platforms change their numbers; a check that needs one asks here, so that a new number is an edit of a table with its
date and source, and of nothing else.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def table(name: str) -> dict[str, Any]:
    """The table ``name`` (``limits``, ``prices`` ...). Raises ``FileNotFoundError`` when there is none."""
    text = files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def limit(system: str, name: str) -> Any:
    """A platform limit or default, in the unit its row names (seconds, bytes, messages)."""
    return table("limits")[system][name]["value"]


def threshold(name: str) -> float:
    """The built-in value of a threshold that the configuration may override."""
    return float(table("thresholds")["thresholds"][name]["value"])


def price(name: str) -> float:
    """A price in US dollars, per the unit its row names."""
    return float(table("prices")["prices"][name]["usd"])

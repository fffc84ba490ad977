"""The configuration: ``brokerlint.yaml`` or ``[tool.brokerlint]`` in ``pyproject.toml``, the same keys in both.

Reading never runs code: a configuration only names, declares and selects. Every mistake is one sentence that names the
file and the key, and the nearest known key where one is unknown.
"""

from brokerlint.config.files import find, load, within
from brokerlint.config.keys import from_mapping
from brokerlint.config.model import Config, ConfigError, FailOn, ServiceDeclaration

__all__ = ["Config", "ConfigError", "FailOn", "ServiceDeclaration", "find", "from_mapping", "load", "within"]

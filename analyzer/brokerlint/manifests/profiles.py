"""Which environment a manifest is for, judged by the words of its path."""

from __future__ import annotations

import re

_WORDS = {
    **dict.fromkeys(("prod", "production", "prd", "live"), "prod"),
    **dict.fromkeys(("dev", "devel", "develop", "development", "local", "localhost", "localstack", "debug"), "dev"),
    **dict.fromkeys(("test", "tests", "testing", "ci", "e2e", "integration", "qa"), "test"),
    **dict.fromkeys(("staging", "stage", "stg", "preprod", "uat", "sandbox", "ephemeral"), "test"),
}


def profile_of(path: str, default: str = "unknown") -> str:
    """``prod``, ``dev`` or ``test`` by the last telling word of the path, else ``default``."""
    for word in reversed(re.split(r"[^a-z0-9]+", path.lower())):
        if word in _WORDS:
            return _WORDS[word]
    return default

"""Settings for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Generated cases are the same in every run, and a slow machine is no failure: speed is measured in benchmarks.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

"""Whole-program linking: which channel does each sink really use, and which service runs it?

``program`` finds modules, ``scopes`` names, ``evaluate`` values; ``sinks`` finds the library calls, ``callers`` walks
from a wrapper to the calls that decide, ``endpoints`` puts facts together, ``services`` and ``bind`` join them with
manifests.
"""

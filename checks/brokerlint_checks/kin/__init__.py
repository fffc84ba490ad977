"""Kinesis, and mappings of streams."""

"""Architecture: how channels are used together."""

"""Security of channels and clients."""

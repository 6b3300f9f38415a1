"""The shapes in which sales come, besides our own JSON."""

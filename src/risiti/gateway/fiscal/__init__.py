"""What merchants file: reading it, adding it up, putting it on the wire."""

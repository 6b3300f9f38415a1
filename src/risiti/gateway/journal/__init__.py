"""The journal: each company's events in a chain of hashes, which anybody can check without us."""

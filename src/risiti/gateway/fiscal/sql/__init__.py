"""Accepting's one look at the seller, in the databases' own words (decision 19)."""

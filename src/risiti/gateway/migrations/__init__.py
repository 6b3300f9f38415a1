"""Brings a database's tables from any earlier version to the present one, on both databases."""

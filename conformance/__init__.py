"""Clients for EFRIS that others wrote and published, called one by one against the simulator; `make conformance`."""

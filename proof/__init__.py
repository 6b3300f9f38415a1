"""Proof that the engine keeps its promises: it runs in simulated time, from one seed, while everything fails."""

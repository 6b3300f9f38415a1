"""Benchmarks: `make bench`. Ratios within one run say more than figures of one machine."""

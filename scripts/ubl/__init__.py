"""Tries UBL files: each is mapped, validated and fiscalised against the simulator, or it is said what Uganda lacks."""

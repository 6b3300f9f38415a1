"""Risiti: a fiscalisation gateway for Uganda's EFRIS."""

"""Who: companies, their devices and keys, and what a caller may do."""

"""The page at `/`: what the stand-in holds, and switches for faults, settings and credit notes; no script needed."""

"""Sales in tables (CSV, XLSX): rows become documents as a mapping file says."""

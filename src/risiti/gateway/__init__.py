"""The service: invoices in, fiscal receipts out."""

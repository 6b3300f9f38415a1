"""`make chaos`: everything fails at random moments while invoices are posted; then three sets of books are compared."""

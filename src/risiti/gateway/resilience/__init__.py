"""What keeps the service standing under load and bad callers; mechanisms only, no business word in here."""

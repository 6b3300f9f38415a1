"""Background work that is not a document on its way: one task table, its queue and its runner."""

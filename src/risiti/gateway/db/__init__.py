"""Two databases, one behaviour."""

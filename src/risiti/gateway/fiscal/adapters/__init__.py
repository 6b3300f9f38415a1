"""Other shapes of a sale, read into our own words: UBL, the authority's own JSON, tables. One adapter a shape."""

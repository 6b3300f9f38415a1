"""The authority's rules for documents and goods, written from the specification, each refusing with its own code."""

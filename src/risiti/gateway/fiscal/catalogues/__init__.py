"""Our copy of the authority's lists and of each company's registered goods: fetched by tasks, read by the checks."""

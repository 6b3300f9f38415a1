"""What is wrong with a document, all of it at once: each problem with its place, its reason and its repair."""

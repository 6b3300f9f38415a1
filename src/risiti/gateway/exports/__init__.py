"""All of a company's data as one file: for who leaves, and for who asks what is kept of them."""

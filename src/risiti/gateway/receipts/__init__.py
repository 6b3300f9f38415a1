"""The fiscal receipt that is handed to a buyer: what is on it, and it as HTML and PDF."""

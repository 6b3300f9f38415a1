"""What is done for people beside their requests: letters to them."""

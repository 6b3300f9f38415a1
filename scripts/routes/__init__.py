"""`make routes`: who may ask which route, tried out."""

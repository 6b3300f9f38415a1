"""Typed requests and answers, one module a chapter; import them from the module that holds them."""

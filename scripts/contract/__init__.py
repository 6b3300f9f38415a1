"""The stability contract: twenty rows, the tests that prove each, and the page that shows what came of them."""

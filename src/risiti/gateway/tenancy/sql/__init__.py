"""The look-up that every request of a program begins with, in the databases' own words (decision 19)."""

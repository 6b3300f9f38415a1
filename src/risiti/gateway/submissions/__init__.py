"""The engine: one intent, one effect. Read states.py first."""

"""Drills: a hostile or unlucky day, played against real processes on 127.0.0.1, for tests and `bench drills`."""

"""Secrets of a run: which steps ask for them, where they come from, and how they are kept from everything that is written."""

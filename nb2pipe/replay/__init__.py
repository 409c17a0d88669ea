"""Replays a notebook and its package, and compares what both have computed and shown."""

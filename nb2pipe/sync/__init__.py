"""Edits made by hand in a package go back into the cells of its notebook."""

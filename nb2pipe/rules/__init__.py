"""The rules: what `check` finds in a notebook, each under a stable code."""

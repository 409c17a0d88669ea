"""What package, targets and runtime share when they write code: a project as a value, and Python's own text."""

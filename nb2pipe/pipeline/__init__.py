"""The IR: cells and effects become a `Pipeline`."""

"""Steps as notebooks, each in a fresh kernel, run by papermill."""

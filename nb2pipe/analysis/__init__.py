"""From a `Notebook` to the `Effects` of each cell, without executing anything."""

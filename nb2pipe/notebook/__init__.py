"""From a file to a `Notebook`: reading, tags, IPython syntax."""

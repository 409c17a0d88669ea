"""nb2pipe compiles Jupyter notebooks into pipelines that compute what the notebook computes."""

__version__ = "0.1.0"

"""nb2pipe compiles Jupyter notebooks to pipelines that compute what the notebook computes."""

__version__ = "0.1.0"

"""nb2pipe compiles Jupyter notebooks to pipelines that compute what the notebook computes."""

from nb2pipe.metrics import log_metric

__all__ = ["Secret", "__version__", "log_metric"]
Secret = str
"""The type of a parameter whose value is a secret: a text, that `nb2pipe run` takes from the environment and the like."""
__version__ = "0.1.0"

"""nb2pipe compiles Jupyter notebooks to pipelines that compute what the notebook computes."""

from nb2pipe.metrics import log_metric

__all__ = ["__version__", "log_metric"]
__version__ = "0.1.0"

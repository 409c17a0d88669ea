"""Pricing a basket of options by simulation.

Five markets, each simulated on its own; the numbers of one do not depend on those of
another.
"""

"""Which customers will leave?

Trains three models on the customers of last year and compares them. Run monthly; the
threshold is marketing's.
"""

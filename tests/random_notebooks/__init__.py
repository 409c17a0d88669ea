"""Random notebooks: a generator, the notebook itself as the oracle, and what compares the pipeline with it."""

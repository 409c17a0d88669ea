"""Steps as tasks of a Dask cluster."""

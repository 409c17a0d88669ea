"""House prices, as a Kale notebook."""

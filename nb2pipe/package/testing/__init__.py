"""What is copied into a package's tests, and what records the values that they compare with."""

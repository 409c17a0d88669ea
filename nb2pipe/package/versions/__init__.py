"""The versions of a package: what each is, what changed between two, and where they are kept."""

"""The command line: one file a command; each parses, calls the api, prints, and gives an exit code."""

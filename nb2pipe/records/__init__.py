"""What is made of the records of runs: the executed notebook, comparisons, the report, a notebook for one step."""

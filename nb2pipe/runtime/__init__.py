"""From a `Pipeline` to executed notebooks: processes, values handed over, guards."""

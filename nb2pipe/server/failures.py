"""What is said of work that has ended with an error."""

from __future__ import annotations

from nb2pipe.diagnostics import Nb2pipeError, Refused, UsageError, say
from nb2pipe.server import answers
from nb2pipe.server.asked import Answer
from nb2pipe.server.said import failed


def failure(error: BaseException) -> Answer:
    """Whose fault an error is, and what it is."""
    if isinstance(error, Refused):
        found = [answers.finding(d, ()) for d in error.diagnostics]
        return {"kind": "refused", "message": str(error), "findings": found}
    if isinstance(error, KeyboardInterrupt):
        return failed("cancelled", say("cancelled"))
    if isinstance(error, Nb2pipeError):
        text = error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else str(error)
        return failed("usage" if isinstance(error, UsageError) else "failed", text)
    return failed("fault", say("a fault of nb2pipe, please report it: %1: %2", type(error).__name__, str(error)))

"""What is said of a notebook that becomes a package: what has no plain form, what stays a script, what is left out."""

from __future__ import annotations

from nb2pipe.diagnostics import Diagnostic, Severity
from nb2pipe.package.model import Plan


def refusals(plan: Plan) -> tuple[Diagnostic, ...]:
    """The parts of the notebook that no package can have."""
    return tuple(
        Diagnostic(
            reason.span, "NB801", Severity.ERROR, reason.text, "take it out of the notebook, or tag its cell `skip`"
        )
        for reason in (*plan.refused, *(r for s in plan.steps for r in s.reasons))
        if reason.refuses
    )


def notes(plan: Plan) -> tuple[Diagnostic, ...]:
    """The steps that stay scripts, and why; the magics that only Jupyter shows something of."""
    scripts = (
        Diagnostic(reason.span, "NB802", Severity.INFO, f"step `{step.name}` stays a script: {reason.text}")
        for step in plan.steps
        for reason in step.reasons
        if not reason.refuses
    )
    left_out = (Diagnostic(reason.span, "NB803", Severity.INFO, reason.text) for reason in plan.left_out)
    return (*scripts, *left_out)

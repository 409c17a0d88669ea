"""What is said of a notebook that becomes a package: what has no plain form, what stays a script, what is left out."""

from __future__ import annotations

from nb2pipe.diagnostics import Diagnostic, Severity, say
from nb2pipe.package.model import Plan


def refusals(plan: Plan) -> tuple[Diagnostic, ...]:
    """The parts of the notebook that no package can have."""
    hint = say("take it out of the notebook, or tag its cell `skip`")
    return tuple(
        Diagnostic(reason.span, "NB801", Severity.ERROR, reason.text, hint)
        for reason in (*plan.refused, *(r for s in plan.steps for r in s.reasons))
        if reason.refuses
    )


def notes(plan: Plan) -> tuple[Diagnostic, ...]:
    """The steps that stay scripts, and why; the magics that only Jupyter shows something of."""
    scripts = (
        Diagnostic(reason.span, "NB802", Severity.INFO, say("step `%1` stays a script: %2", step.name, reason.text))
        for step in plan.steps
        for reason in step.reasons
        if not reason.refuses
    )
    left_out = (Diagnostic(reason.span, "NB803", Severity.INFO, reason.text) for reason in plan.left_out)
    return (*scripts, *left_out)

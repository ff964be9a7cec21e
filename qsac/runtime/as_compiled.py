"""Circuits that are run as they were compiled, where what others give decides their numbers."""

from __future__ import annotations

from qsac.families.contract import Plan

MADE_FOR_EXACT = (
    "circuits that come after others were made for the closed form of what these give, not for what was measured; "
    "qsac run makes them anew"
)


def of_later_circuits(plan: Plan) -> tuple[str, ...]:
    """What there is to say of counts of a plan's circuits as they were compiled."""
    return (MADE_FOR_EXACT,) if any(step.after for step in plan.circuits) else ()

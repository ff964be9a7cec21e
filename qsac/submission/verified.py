"""Verification of what is about to be paid for. Nothing that an artifact says of itself is believed on the way."""

from __future__ import annotations

from qsac.artifact import Compiled
from qsac.checking import check_artifact
from qsac.errors import CheckFailedError
from qsac.model.distribution import distribution
from qsac.model.metrics import closed_form
from qsac.pipeline import Progress
from qsac.runtime.verification import is_narrow

_HELP = "nothing was submitted: compile the model again; if it is refused again, please report it as a bug of qsac"


def verified_before_submission(compiled: Compiled, progress: Progress | None = None) -> bool:
    """Whether the circuit was verified: False where it is too wide for that, and everything else in it agrees.

    Raises :class:`~qsac.errors.CheckFailedError` for whatever ``qsac verify`` finds.
    """
    narrow = is_narrow(compiled.circuits[0], 0)
    report = check_artifact(compiled.to_json().encode(), compiled.model.name, simulate=narrow, progress=progress)
    if report.findings:
        first = report.findings[0]
        raise CheckFailedError(
            f"the job is not submitted: {first.title}",
            pointer=first.pointer,
            found=first.found,
            wanted=first.wanted,
            help=_HELP,
        )
    return narrow


def expected_success(compiled: Compiled) -> float:
    """The success probability of a verified circuit without noise, by the closed form."""
    if compiled.model.readout.type == "loss":
        given = closed_form(compiled.model)["zeta"] or 0.0
    else:
        given = distribution(compiled.model).given
    return given / compiled.normalisation**2

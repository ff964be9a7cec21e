"""Verification of what is about to be paid for. Nothing that an artifact says of itself is believed on the way."""

from __future__ import annotations

from qsac.artifact.compiled import Compiled
from qsac.checking import verify
from qsac.errors import CheckFailedError
from qsac.families.qsa.metrics import closed_form
from qsac.families.qsa.results import distribution
from qsac.progress import Progress
from qsac.simulation.verification import is_narrow

_HELP = "nothing was submitted: compile the model again; if it is refused again, please report it as a bug of qsac"


def verified_before_submission(compiled: Compiled, progress: Progress | None = None) -> bool:
    """Whether the circuit was verified: False where it, or its program, is too wide for that, and all else agrees.

    Raises :class:`~qsac.errors.CheckFailedError` for whatever ``qsac verify`` finds, and
    :class:`~qsac.errors.InvalidInputError` for what cannot be written as an artifact.
    """
    narrow = is_narrow(compiled.circuits[0], 0)
    report = verify(compiled, simulate=narrow, progress=progress)
    if report.findings:
        # Statistics are made of the circuit: where both are wrong, the circuit is the place to look at.
        first = min(report.findings, key=lambda finding: finding.pointer.startswith("/stats"))
        raise CheckFailedError(
            f"the job is not submitted: {first.title}",
            pointer=first.pointer,
            found=first.found,
            wanted=first.wanted,
            help=_HELP,
        )
    return report.compared is not None


def expected_success(compiled: Compiled) -> float:
    """The success probability of a verified circuit without noise, by the closed form."""
    if compiled.model.readout.type == "loss":
        given = closed_form(compiled.model)["zeta"] or 0.0
    else:
        given = distribution(compiled.model).given
    return given / compiled.normalisation**2

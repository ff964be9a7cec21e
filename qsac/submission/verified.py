"""Verification of what is about to be paid for. Nothing that an artifact says of itself is believed on the way."""

from __future__ import annotations

from collections.abc import Sequence

from qsac.artifact.compiled import Compiled
from qsac.checking import verify
from qsac.compiler.verification import with_subnormalisation
from qsac.errors import CheckFailedError
from qsac.progress import Progress
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import compare, differing, expected_outcomes, is_narrow

_HELP = "nothing was submitted: compile the model again; if it is refused again, please report it as a bug of qsac"


def verified_before_submission(compiled: Compiled, progress: Progress | None = None) -> bool:
    """Whether the circuit was verified: False where it, or its program, is too wide for that, and all else agrees.

    Raises :class:`~qsac.errors.CheckFailedError` for whatever ``qsac verify`` finds, and
    :class:`~qsac.errors.InvalidInputError` for what cannot be written as an artifact.
    """
    narrow = all(is_narrow(circuit, 0) for circuit in compiled.circuits)
    report = verify(compiled, simulate=narrow, progress=progress)
    if report.findings:
        # Statistics are made of the circuit: where both are wrong, the circuit is the place to look at.
        first = min(report.findings, key=lambda finding: finding.pointer.startswith("/stats"))
        raise CheckFailedError(
            f"the job is not submitted: {first.title}",
            code="check.job-not-verified",
            pointer=first.pointer,
            found=first.found,
            wanted=first.wanted,
            help=_HELP,
        )
    return report.compared is not None


def verified_for_counts(compiled: Compiled, places: Sequence[int], progress: Progress | None = None) -> bool:
    """The same for the circuits at these places, which were made for counts of others: the closed form that they are
    compared with is that of their model, which was given these."""
    if not all(is_narrow(compiled.circuits[place], 0) for place in places):
        return False
    wanted = expected_outcomes(compiled.model, compiled.subnormalisations)
    for place in places:
        circuit, scale = compiled.circuits[place], compiled.subnormalisations[place]
        pairs = compare(with_subnormalisation(simulate(circuit, progress), scale), wanted[circuit.name])
        for name, one, other in differing(pairs):
            raise CheckFailedError(
                f"the job is not submitted: {name} is not as in the closed form",
                code="check.job-not-verified",
                pointer=f"/circuits/{place}",
                found=f"{one:.12g}",
                wanted=f"{other:.12g}",
                help=_HELP,
            )
    return True


def expected_success(compiled: Compiled) -> float:
    """The success probability of verified circuits without noise, by the closed form: the smallest of them."""
    found = expected_outcomes(compiled.model, compiled.subnormalisations)
    return min(outcomes.success_probability for outcomes in found.values())

"""What was compared with what: the record of the artifact, and a check of it while the page is made."""

from __future__ import annotations

from math import ceil, log10
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.checking import check
from qsac.checking.artifacts import text_of
from qsac.compiler.verification import comparisons
from qsac.errors import QsacError
from qsac.progress import Progress
from qsac.simulation.statevector import width

WIDTH = 12
"""Qubits live at once up to which a page compares the circuit with the closed form."""

GATES = 20_000
"""Gates of all circuits up to which it does."""

_PAIRS = 64
"""Probabilities of each circuit that are shown beside each other."""


def verification_data(compiled: Compiled, progress: Progress | None) -> dict[str, Any]:
    """The record, the findings of a check like that of ``qsac verify``, and probabilities of circuit and model."""
    recorded = compiled.verified
    widest = max(map(width, compiled.circuits))
    gates = sum(map(len, compiled.circuits))
    data: dict[str, Any] = {
        "recorded": None if recorded is None else {"how": recorded.how, "tolerance": recorded.tolerance},
        "checked": None,
        "reason": None,
        "pairs": [],
    }
    if widest > WIDTH or gates > GATES:
        data["reason"] = f"{gates:,} gates on {widest} qubits live at once are compared by qsac verify, not by a page"
        return data
    report = check(text_of(compiled), "artifact", progress=progress)
    data["checked"] = {
        "compared": report.compared,
        "worst": None if report.worst is None else _power(report.worst),
        "tooWide": report.too_wide,
        "findings": [dict(finding.to_dict()) for finding in report.findings[:32]],
        "notes": list(report.notes),
    }
    if report.findings:
        return data
    try:
        found = comparisons(compiled, progress)
    except QsacError:
        return data
    data["pairs"] = [
        {
            "name": name,
            "how": comparison.how,
            "rows": [[label, _rounded(value), _rounded(wanted)] for label, value, wanted in comparison.pairs[:_PAIRS]],
            "count": len(comparison.pairs),
        }
        for name, comparison in zip(compiled.names, found, strict=True)
    ]
    return data


def _power(difference: float) -> float:
    """The next power of ten: rounding, which the last digits are, is not the same everywhere."""
    return 1e-15 if difference < 1e-15 else float(f"1e{ceil(log10(difference))}")


def _rounded(value: float) -> float:
    """To nine digits, and nothing below rounding."""
    return 0.0 if abs(value) < 1e-13 else float(f"{value:.9g}")

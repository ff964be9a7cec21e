"""Everything that a page shows of a compiled program, JSON-ready."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qsac.artifact.compiled import Compiled
from qsac.checking.statistics import read_options
from qsac.counting.stats import circuit_stats, together
from qsac.errors import DoesNotFitError, QsacError, printable
from qsac.machine.described import described_target
from qsac.machine.registry import target, target_names
from qsac.machine.target import Target
from qsac.native.provenance import Provenance
from qsac.progress import Progress
from qsac.report.forecast import forecast
from qsac.views.page.circuits import circuit_data
from qsac.views.page.devices import device_data
from qsac.views.page.facts import head_data, readout_data
from qsac.views.page.models import model_data
from qsac.views.page.stages import stage_data
from qsac.views.page.verification import verification_data

GATES = 2_000_000
"""Gates of all circuits that a page shows: it would be about 15 MB."""

CIRCUITS = 256
"""Circuits that a page shows."""


def collected(
    compiled: Compiled, file: str | None = None, *, timings: bool = False, progress: Progress | None = None
) -> dict[str, Any]:
    """The data of the page.

    Counts and forecasts are of the circuits and the model themselves, by the target as this qsac knows it; what the
    artifact says of them is not looked at. Raises as :func:`~qsac.views.page.writing.page`.
    """
    check_size(compiled)
    machine, options = known_target(compiled), read_options(compiled.options)
    counts = [circuit_stats(circuit, machine) for circuit in compiled.circuits]
    whole = together(counts)
    told = forecast(compiled.model, compiled.subnormalisations, whole, machine, counts)
    stats = {**compiled.stats, **whole, "forecast": told}
    if len(counts) > 1:
        pairs = zip(compiled.names, compiled.parts_stats, counts, strict=True)
        stats["circuits"] = {name: {**part, **count} for name, part, count in pairs}
    counted = _canonical(compiled, stats)
    blobs: dict[str, Any] = {}
    data = {
        "head": head_data(counted, machine, file),
        "model": model_data(compiled.model, blobs),
        "plan": [dict(step) for step in compiled.plan.described()],
        "circuits": [circuit_data(counted, place, machine, options, blobs) for place in range(len(compiled.circuits))],
        "stages": stage_data(counted, machine, options, blobs, timings=timings, progress=progress),
        "device": device_data(counted, machine, blobs),
        "readout": readout_data(counted),
        "verification": verification_data(compiled, progress),
    }
    return {**_visible(data), "blobs": blobs}


def check_size(compiled: Compiled) -> None:
    """Whether a page can show so much. Raises :class:`~qsac.errors.DoesNotFitError`."""
    gates, circuits = sum(map(len, compiled.circuits)), len(compiled.circuits)
    if gates > GATES or circuits > CIRCUITS:
        raise DoesNotFitError(
            "the program is too large for a page",
            code="capacity.page-too-large",
            pointer="/circuits",
            found=f"{gates:,} gates in {circuits:,} circuits",
            wanted=f"at most {GATES:,} gates in {CIRCUITS:,} circuits",
            help="view a model of a shorter context, or of fewer positions; qsac estimate counts any size",
        )


def known_target(compiled: Compiled) -> Target:
    """The target: as this qsac knows it where it knows one of that name, else as the artifact describes it. Raises
    :class:`~qsac.errors.InvalidInputError` for a description that is none."""
    described = described_target(compiled.target)
    if described.name not in target_names():
        return described
    try:
        return target(described.name)
    except QsacError:
        return described


def _canonical(compiled: Compiled, stats: dict[str, Any]) -> Compiled:
    """The compiled program with these statistics, as it is once it was written and read: what a page shows does not
    depend on where it comes from. Registers stand in the program's order."""
    plain = json.loads(json.dumps(stats, sort_keys=True))
    parts = [plain] if len(compiled.circuits) == 1 else [plain["circuits"][name] for name in compiled.names]
    for part, program in zip(parts, compiled.programs, strict=True):
        recorded = part["allocation"]
        part["allocation"] = {name: recorded[name] for name in program.scope.sizes if name in recorded}
    circuits = tuple(
        replace(circuit, provenance=Provenance.of_groups(circuit.groups, len(circuit))) for circuit in compiled.circuits
    )
    producer = dict(sorted(compiled.producer.items()))
    return replace(compiled, stats=plain, circuits=circuits, producer=producer)


def _visible(value: Any) -> Any:
    """JSON-ready data in which no text holds what cannot be seen, as direction marks; numbers of NumPy are plain."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(name)): _visible(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_visible(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value

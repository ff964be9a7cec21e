"""Whether all answers to a transformer agree: closed form, interpreted programs and simulated circuits.

`python -m tests.families.transformer.agreement` draws 200 models and counts what they come to.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from math import sqrt
from typing import Any

import qsac
from qsac.artifact.compiled import Compiled
from qsac.errors import DoesNotFitError
from qsac.families.outcomes import Outcomes
from qsac.families.registry import family
from qsac.families.transformer.model import Model
from qsac.ir.op import Projection
from qsac.ir.program import Program
from qsac.simulation.statevector import simulate
from qsac.simulation.statevector import width as width_of_circuit
from qsac.simulation.verification import compare, of_circuit, of_program
from tests.families.transformer.generated import drawn
from tests.families.transformer.models import loaded

TOLERANCE = 1e-9
"""Largest difference of probabilities, relative to that of acceptance."""

INTERPRETED, SIMULATED = 22, 16
"""Most qubits live at once of programs and of circuits that are looked at."""

FAMILY = family("transformer")


def difference(found: Outcomes, wanted: Outcomes) -> float:
    """The largest difference of two outcomes' probabilities, relative to that of acceptance; what an amplitude of 1e-13
    makes of them is none."""
    scale = max(wanted.given, found.given, 1e-300)
    rounding = 1e-13 * sqrt(scale) + 1e-26
    return max(max(0.0, abs(one - other) - rounding) for _, one, other in compare(found, wanted)) / scale


def of_compiled(compiled: Compiled) -> float:
    """The largest difference between the closed form, the final programs and the circuits of a compiled model."""
    expected = compiled.model.readout.expected(compiled.model)
    worst = 0.0
    for name, circuit, program, scale in zip(
        compiled.names, compiled.circuits, compiled.programs, compiled.subnormalisations, strict=True
    ):
        wanted = of_circuit(expected[name], scale)
        worst = max(worst, difference(of_program(program), wanted), difference(simulate(circuit), wanted))
    return worst


def of_plan(model: Model) -> float:
    """The largest difference between the closed form and the programs that a model is built as."""
    expected = model.readout.expected(model)
    return max(
        difference(of_program(step.program), of_circuit(expected[step.name], step.program.subnormalisation))
        for step in FAMILY.plan(model).circuits
    )


def width(program: Program) -> int:
    """The most qubits that are live at once when a program is interpreted."""
    live: set[str] = set()
    most = 0
    for op in program.ops:
        live |= set(op.targets)
        most = max(most, sum(program.scope.sizes[name] for name in live))
        if isinstance(op, Projection):
            live -= set(op.targets)
    return most


def widest(model: Model) -> int:
    """That of the widest program of a model."""
    return max(width(step.program) for step in FAMILY.plan(model).circuits)


def main(given: Sequence[str] | None = None) -> int:
    """Whether no model disagrees: 0, or 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.families.transformer.agreement", description=__doc__)
    parser.add_argument("--models", type=int, default=200, metavar="N", help="how many are drawn (default 200)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first one's seed (default 0)")
    parser.add_argument("--tokens", type=int, default=8, metavar="N", help="most tokens (default 8)")
    parser.add_argument("--dimension", type=int, default=8, metavar="D", help="most entries of a token (default 8)")
    parser.add_argument("--compiled", type=int, default=2, metavar="K", help="every K-th is compiled too (default 2)")
    asked = parser.parse_args(given)
    counts = {"agree": 0, "simulated": 0, "not simulated": 0, "too wide": 0, "disagree": 0}
    worst = 0.0
    with tempfile.TemporaryDirectory() as home:
        os.environ["QSAC_CACHE_DIR"], os.environ["QSAC_DATA_DIR"] = f"{home}/cache", f"{home}/data"
        for seed in range(asked.first, asked.first + asked.models):
            found, kinds = _tried(drawn(seed, most=asked.tokens, width=asked.dimension), not seed % asked.compiled)
            for kind in kinds:
                counts[kind] += 1
            worst = max(worst, found)
            if found > TOLERANCE:
                print(f"seed {seed} disagrees by {found:.2g}", flush=True)
    print(", ".join(f"{kind} {count}" for kind, count in counts.items()), f"; largest difference {worst:.2g}")
    return int(counts["disagree"] > 0)


def _tried(given: dict[str, Any], compiling: bool) -> tuple[float, list[str]]:
    """The largest difference of a model, and what it counts as."""
    model = loaded(given)
    if widest(model) > INTERPRETED:
        return 0.0, ["too wide"]
    found, kinds = of_plan(model), []
    if compiling:
        try:
            compiled = qsac.compile(model, "h1", verify=False)
        except DoesNotFitError:
            compiled = qsac.compile(model, "statevector", verify=False)
        kinds = ["not simulated"]
        if max(map(width_of_circuit, compiled.circuits)) <= SIMULATED:
            found, kinds = max(found, of_compiled(compiled)), ["simulated"]
    return found, [*kinds, "agree" if found <= TOLERANCE else "disagree"]


if __name__ == "__main__":
    raise SystemExit(main())

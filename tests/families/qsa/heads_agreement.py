"""Three answers for drawn models of several heads: the closed form, the interpreted program and the simulated circuit.

By hand, for more of them: `python -m tests.families.qsa.heads_agreement FIRST LAST`. Routing for ibm-fez takes minutes
for some.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np

from qsac.compiler.compilation import compile as compiled
from qsac.families.contract import Model
from qsac.families.outcomes import Outcomes
from qsac.families.reading import load
from qsac.families.registry import family_of
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import compare, of_circuit, of_program
from tests.families.qsa.drawn_heads import heads_model

MACHINES = ("h1", "h2", "ibm-fez")
TOLERANCE = 1e-9


class Answers(NamedTuple):
    """What a drawn model was compiled for, and how far the answers are from the closed form: of the program as it was
    built, of the final one, and of the circuit."""

    seed: int
    machine: str
    optimisation: int
    gates: int
    built: float
    final: float
    circuit: float

    @property
    def agree(self) -> bool:
        """Whether all of them do."""
        return max(self.built, self.final, self.circuit) < TOLERANCE


def answers(seed: int, machine: str | None = None, optimisation: int | None = None) -> Answers:
    """Those of the model of a seed, on a drawn machine and level if none is given."""
    rng = np.random.default_rng([2121, seed])
    drawn = str(rng.choice(MACHINES)), int(rng.integers(0, 4))
    chosen = machine or drawn[0], drawn[1] if optimisation is None else optimisation
    model = load(heads_model(seed))
    made = compiled(model, chosen[0], optimisation=chosen[1], verify=False)
    built = family_of(model).plan(model).circuits[0].program
    (growth,) = made.subnormalisations
    return Answers(
        seed,
        *chosen,
        made.stats["two_qubit_gates"],
        _farthest(of_program(built), model, built.subnormalisation),
        _farthest(of_program(made.programs[0]), model, growth),
        _farthest(simulate(made.circuits[0]), model, growth),
    )


def _farthest(found: Outcomes, model: Model, subnormalisation: float) -> float:
    (expected,) = model.expected.values()
    return max(abs(one - other) for _, one, other in compare(found, of_circuit(expected, subnormalisation)))


def main(first: int, last: int) -> int:
    """Print them for seeds up to the last one; 1 if some disagree."""
    every = []
    for seed in range(first, last):
        found = answers(seed)
        every.append(found)
        print("  ".join(map(str, found)), flush=True)
    wrong = [found.seed for found in every if not found.agree]
    print(f"{len(every)} models, {len(wrong)} disagree: {wrong}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

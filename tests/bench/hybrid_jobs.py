"""The jobs of hybrid models, which :mod:`tests.bench.jobs` runs in a process of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tests.bench.measure import timed

# Like all jobs they import what they measure themselves.


def hybrid(name: str, how: str) -> dict[str, Any] | None:
    """Counts of a hybrid model's circuits as qsac compiles them, or of its authors' circuit through another compiler,
    and how far that is from the closed form; None where the authors have none."""
    from tests.bench import equivalence, hybrid_models, optimisers

    case = hybrid_models.CASES[name]()
    if how == "qsac":
        return _compiled_steps(case)
    if case.authors is None:
        return None
    made = case.authors()
    measured = equivalence.measured(made.circuit)
    optimisers.warm_up(how)
    better, seconds = timed(lambda: optimisers.optimised(how, measured))
    return {
        "gates": optimisers.two_qubit_gates(better),
        "depth": optimisers.two_qubit_depth(better),
        "qubits": made.circuit.num_qubits,
        "seconds": asdict(seconds),
        "deviation": equivalence.deviation(better, made.expected),
    }


def _compiled_steps(case: Any) -> dict[str, Any]:
    import qsac.compiler.compilation
    from qsac.compiler.verification import verify_compiled
    from qsac.counting.stats import circuit_stats
    from qsac.machine.registry import target
    from tests.bench import hybrid_models

    qsac.compiler.compilation.compile(hybrid_models.example("steps-qgan").model, "h2", verify=False)  # imports
    compiled, seconds = timed(lambda: qsac.compiler.compilation.compile(case.model, "h2", verify=False))
    if max(len(circuit.qubits) for circuit in compiled.circuits) <= 9:
        verify_compiled(compiled)
    parts = [
        hybrid_models.part_of(circuit, program, case.part)
        for circuit, program in zip(compiled.circuits, compiled.programs, strict=True)
    ]
    stats = [circuit_stats(part, target("h2")) for part in parts]
    return {
        "gates": max(one["two_qubit_gates"] for one in stats),
        "depth": max(one["two_qubit_depth"] for one in stats),
        "qubits": max(len(circuit.qubits) for circuit in compiled.circuits),
        "seconds": {key: value / len(parts) for key, value in asdict(seconds).items()},
        "deviation": 0.0,
    }

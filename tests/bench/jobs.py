"""What runs in a process of its own: `python -m tests.bench.jobs JOB ARGUMENTS` prints one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.cases import Case
from tests.bench.hybrid_jobs import hybrid
from tests.bench.measure import MEMORY_LIMIT, Timing, middle, peak_memory, timed

# Jobs import what they measure themselves, so that the peak memory of one is not that of another's libraries.


def qsac(case: dict[str, Any], optimisation: int, target: str, budget: float) -> dict[str, Any]:
    """Counts of a compilation that was verified against the closed form, or to lie within the budget."""
    import qsac.compiler.compilation
    from qsac.compiler.verification import verify_compiled

    model = Case(**case).model()
    options = {"optimisation": optimisation, "error_budget": budget, "verify": False}
    qsac.compiler.compilation.compile(Case(2, 2).model(), target, **options)
    compiled, seconds = timed(lambda: qsac.compiler.compilation.compile(model, target, **options))
    verify_compiled(compiled)
    stats = compiled.stats
    return {
        "gates": stats["two_qubit_gates"],
        "depth": stats["two_qubit_depth"],
        "qubits": stats["qubits"],
        "passes": {entry["name"]: entry["two_qubit_gates"] for entry in stats["passes"]},
        "seconds": asdict(seconds),
    }


def peer(case: dict[str, Any], construction: str, optimiser: str) -> dict[str, Any]:
    """Counts of a baseline's circuit, and how far its simulation is from the closed form."""
    from qsac.families.reading import load
    from tests.bench import constructions, equivalence, optimisers

    made = constructions.built(construction, load(Case(**case).model()), optimiser)
    circuit, expected = made.circuits[0]
    measured = equivalence.measured(circuit)
    optimisers.warm_up(optimiser)
    built = [optimisers.unrolled(equivalence.measured(one)) for one, _ in made.circuits]
    better, seconds = timed(lambda: optimisers.optimised(optimiser, measured))
    deviations = [equivalence.deviation(better, expected)]
    # The second circuit, for zeta, is checked as it was built.
    deviations += [
        equivalence.deviation(circuit, rest) for circuit, (_, rest) in zip(built[1:], made.circuits[1:], strict=True)
    ]
    return {
        "gates": optimisers.two_qubit_gates(better),
        "depth": optimisers.two_qubit_depth(better),
        "qubits": better.num_qubits,
        "built": [optimisers.two_qubit_gates(one) for one in built],
        "seconds": asdict(seconds),
        "deviation": max(deviations),
    }


def compile(case: dict[str, Any], target: str, write: bool, repeats: int) -> dict[str, Any]:
    """Time and memory of compilation from a model in memory, with the artifact written if asked for."""
    import qsac.compiler.compilation
    from qsac.families.reading import load

    document = Case(**case).model()
    qsac.compiler.compilation.compile(Case(2, 2).model(), target, verify=False)
    timings = []
    with tempfile.TemporaryDirectory() as folder:

        def once() -> Any:
            compiled = qsac.compiler.compilation.compile(load(document), target, verify=False)
            if write:
                compiled.save(Path(folder) / "model.qsac.json")
            return compiled.stats

        for _ in range(repeats):
            stats, seconds = timed(once)
            timings.append(seconds)
    return {
        "gates": stats["two_qubit_gates"],
        "qubits": stats["qubits"],
        "seconds": asdict(middle(timings)),
        "memory": peak_memory(),
    }


def bind(case: dict[str, Any], target: str, repeats: int) -> dict[str, Any]:
    """Time of binding a template to other tokens: the angles alone, the whole circuit, and a compilation beside it."""
    import numpy as np

    import qsac.compiler.compilation
    from qsac.families.reading import load
    from qsac.templates.template import template

    model = load(Case(**case).model())
    made, compiled_once = timed(lambda: template(model, target))
    rng = np.random.default_rng(0)
    timings: dict[str, list[Any]] = {"angles": [], "bind": [], "emit": [], "compile": []}
    for _ in range(repeats + 1):
        tokens = rng.normal(size=model.given_tokens.shape)
        if np.iscomplexobj(model.given_tokens):
            tokens = tokens + 1j * rng.normal(size=tokens.shape)
        _, seconds = timed(lambda tokens=tokens: made.angles(tokens))
        timings["angles"].append(seconds)
        bound, seconds = timed(lambda tokens=tokens: made.bind(tokens, verify=False))
        timings["bind"].append(seconds)
        timings["emit"].append(Timing(bound.timings["emit"], bound.timings["emit"]))
        other = made.bound_model(tokens)
        _, seconds = timed(lambda other=other: qsac.compiler.compilation.compile(other, target, verify=False))
        timings["compile"].append(seconds)
    # The first time imports and fills caches.
    found = {name: asdict(middle(taken[1:])) for name, taken in timings.items()}
    return {"gates": bound.stats["two_qubit_gates"], "template": asdict(compiled_once), **found}


def optimise_plain(case: dict[str, Any], target: str, optimiser: str, check: bool) -> dict[str, Any]:
    """A baseline optimising the circuit that qsac -O0 writes; the conversion to the baseline's form is not timed."""
    import qsac.compiler.compilation
    from tests.bench import optimisers, plain

    compiled = qsac.compiler.compilation.compile(Case(**case).model(), target, optimisation=0, verify=False)
    optimisers.warm_up(optimiser)
    if optimiser == "qiskit-3":
        circuit = compiled.to_qiskit()
        better, seconds = timed(lambda: plain.qiskit_3(circuit))
        gates = optimisers.two_qubit_gates(better)
    else:
        better = compiled.to_tket()
        _, seconds = timed(lambda: optimisers.TKET[optimiser](better))
        gates = better.n_2qb_gates()
    memory = peak_memory()
    deviation = plain.deviation(better, compiled) if check else None
    return {"gates": gates, "seconds": asdict(seconds), "memory": memory, "deviation": deviation}


def optimise_fused(case: dict[str, Any], optimiser: str, check: bool) -> dict[str, Any]:
    """A baseline optimising the hand-written circuit with fused readout; building and unrolling are not timed."""
    from qsac.families.reading import load
    from tests.bench import equivalence, optimisers
    from tests.bench.multiplexed import multiplexed_fused

    circuit, expected = multiplexed_fused(load(Case(**case).model())).circuits[0]
    measured = equivalence.measured(circuit)
    optimisers.warm_up(optimiser)
    if optimiser == "qiskit-3":
        better, seconds = timed(lambda: optimisers.qiskit_3(measured, optimisers.BASES[1:]))
    else:
        converted = optimisers.to_tket(optimisers.unrolled(measured))
        _, seconds = timed(lambda: optimisers.TKET[optimiser](converted))
        better = optimisers.to_qiskit(converted)
    memory = peak_memory()
    return {
        "gates": optimisers.two_qubit_gates(better),
        "seconds": asdict(seconds),
        "memory": memory,
        "deviation": equivalence.deviation(better, expected) if check else None,
    }


def pruned(sites: int, context: int, dt: float, seed: int, budget: float) -> dict[str, Any]:
    """Gates of an Ising trajectory's loader and circuit within an infidelity, and without."""
    from math import sqrt

    import numpy as np

    import qsac.compiler.compilation
    from qsac.counting.formulas import loader_cost
    from qsac.families.reading import load
    from qsac.passes.attention._pruning import Pruning

    tokens = {"type": "tfim", "sites": sites, "context": context, "dt": dt, "coupling": 1.0, "field": 0.8}
    document = Case(context, 1 << sites).model() | {"tokens": {**tokens, "initial": "haar", "seed": seed}}
    model = load(load(document).canonical)
    rows = model.tokens[:context]
    table = loader_cost(context, 1 << sites, sites, real=False)
    pruning = Pruning(rows, np.full(context, 1 / context), table, sqrt(3 * budget))
    within = [
        choice.cost
        for choice in pruning.front
        if np.mean(1 - np.abs(np.einsum("td,td->t", pruning.loaded(choice.cutoffs).conj(), rows)) ** 2) <= budget
    ]
    exact = qsac.compiler.compilation.compile(model, "h2", optimisation=3, verify=False)
    found = qsac.compiler.compilation.compile(model, "h2", optimisation=3, error_budget=budget, verify=True)
    report = found.stats["error_budget"]
    return {
        "table": table,
        "loader": min(within),
        "exact": exact.stats["two_qubit_gates"],
        "gates": found.stats["two_qubit_gates"],
        "infidelity": report.get("infidelity", 0.0),
        "loss_deviation": report.get("loss_deviation", 0.0),
    }


def shots(context: int, dimension: int, mix: float) -> dict[str, Any]:
    """The spread of the loss, estimated by qsac's circuit and by the two published ones."""
    from tests.bench.shots import simulated

    return simulated(context, dimension, mix)


def routed(case: dict[str, Any], target: str, router: str, seeds: int) -> dict[str, Any]:
    """A baseline placing and routing qsac's own unrouted circuit, seed by seed: ``runs`` are gates, depth and processor
    seconds of each."""
    from dataclasses import replace

    import qsac.compiler.compilation
    from qsac.machine.registry import target as target_named
    from tests.bench import optimisers, plain, routers

    free = replace(target_named(target), coupling=None, directions=None)
    if router in routers.AT_THE_END:
        free = replace(free, mid_circuit_measurement=False, reset=False)
    small, compiled = (
        qsac.compiler.compilation.compile(one.model(), free, verify=False) for one in (Case(2, 2), Case(**case))
    )
    route, device = routers.ROUTERS[router], routers.device(target)
    list(route(small, device, 1))
    runs, deviations = [], [0.0]
    routes = route(compiled, device, seeds)
    while True:
        found, seconds = timed(lambda: next(routes, None))
        if found is None:
            break
        circuit = optimisers.to_qiskit(found) if router.startswith("tket") else found
        run = {"gates": optimisers.two_qubit_gates(circuit), "depth": optimisers.two_qubit_depth(circuit)}
        if not runs or any(run[figure] < min(one[figure] for one in runs) for figure in run):
            deviations.append(plain.deviation(found, compiled))
        runs.append(run | {"processor": seconds.processor})
    return {
        "runs": runs,
        "unrouted_gates": compiled.stats["two_qubit_gates"],
        "unrouted_depth": compiled.stats["two_qubit_depth"],
        "deviation": max(deviations),
    }


def simulate(case: dict[str, Any], simulator: str, shots: int, repeats: int) -> dict[str, Any]:
    """Time of simulating a compiled circuit, and what an exact one says of the fidelity beside the closed form."""
    import qsac.compiler.compilation
    from qsac.families.qsa.metrics import closed_form
    from qsac.families.reading import load
    from qsac.runtime.run import run

    model = load(Case(**case).model())
    compiled = qsac.compiler.compilation.compile(model, "h2", verify=False)
    wanted = shots if simulator == "aer" else None
    found, first = timed(lambda: run(compiled, simulator, shots=wanted))
    # Runs of seconds need no repetition, and the first one's imports count little in them.
    taken = [timed(lambda: run(compiled, simulator, shots=wanted))[1] for _ in range(repeats if first.wall < 2 else 1)]
    stats = compiled.stats
    return {
        "gates": stats["two_qubit_gates"],
        "qubits": stats["qubits"],
        "deviation": abs((found.metrics["fidelity"] or 0.0) - closed_form(model).values["fidelity"]),
        **asdict(middle(taken)),
    }


def transformer(name: str) -> dict[str, Any]:
    """Counts of a transformer that was compiled and verified, and its success probability, simulated."""
    import qsac.compiler.compilation
    from qsac.compiler.verification import verify_compiled
    from qsac.families.reading import load
    from qsac.runtime.run import run
    from tests.bench.transformer import document

    model = load(document(name))
    compiled, seconds = timed(lambda: qsac.compiler.compilation.compile(model, "h1", verify=False))
    verify_compiled(compiled)
    success = run(compiled, "statevector").success_probability
    # The normalisation says by what it is larger than that of the construction by rows.
    (scale,) = compiled.stats["normalisation"]
    stats, expected = compiled.stats, model.readout.closed_form(model).success_probability / scale**2
    return {
        "gates": stats["two_qubit_gates"],
        "depth": stats["two_qubit_depth"],
        "qubits": stats["qubits"],
        "success": success,
        "seconds": asdict(seconds),
        "deviation": abs(success - expected),
    }


def written(name: str, how: str, optimiser: str) -> dict[str, Any]:
    """Counts of a transformer's circuit that was written by hand, and how far its simulation is from the closed
    form."""
    from tests.bench import equivalence, optimisers, projecting
    from tests.bench.transformer import built

    made = built(name, how)
    measured = equivalence.measured(made.circuit)
    optimisers.warm_up(optimiser)
    better, seconds = timed(lambda: optimisers.optimised(optimiser, measured))
    return {
        "gates": optimisers.two_qubit_gates(better),
        "depth": optimisers.two_qubit_depth(better),
        "qubits": made.circuit.num_qubits,
        "success": made.success,
        "seconds": asdict(seconds),
        "deviation": projecting.deviation(better, made.given, made.wanted),
    }


def iterate(name: str) -> dict[str, Any]:
    """Gates of one iterate of amplitude estimation of a score."""
    from qsac.families.reading import load
    from tests.bench import optimisers
    from tests.bench.block_encodings import score_iterate
    from tests.bench.transformer import document

    circuit = score_iterate(load(document(name)))
    return {"gates": optimisers.two_qubit_gates(optimisers.qiskit_3(circuit))}


def state(kind: str, qubits: int, how: str) -> dict[str, Any]:
    """Counts of a circuit that prepares one state, and how far an amplitude is from it."""
    from tests.bench import optimisers, preparations
    from tests.bench.states import amplitudes

    wanted = amplitudes(kind, qubits)
    way = preparations.WAYS[how]
    if how != "bqskit":
        way(amplitudes("complex", 2))  # imports
    made, seconds = timed(lambda: way(wanted))
    return {
        "gates": optimisers.two_qubit_gates(made),
        "depth": optimisers.two_qubit_depth(made),
        "seconds": asdict(seconds),
        "deviation": preparations.deviation(made, wanted),
    }


def host(host: str, asked: list[Any], plugin: bool) -> dict[str, Any] | None:
    """Counts of what a host makes of a state or table, and how far an amplitude is from it; None if it has no way."""
    from tests.bench import hosts, in_hosts

    table = hosts.numbers(hosts.Asked(*asked))
    in_hosts.HOSTS[host](hosts.numbers(hosts.Asked(1, 2, False)), plugin)  # imports
    made, seconds = timed(lambda: in_hosts.HOSTS[host](table, plugin))
    if made is None:
        return None
    return {
        "gates": made.gates,
        "depth": made.depth,
        "seconds": asdict(seconds),
        "deviation": made.deviation(table),
    }


def others_loader(what: str, context: int, dimension: int, target: str | None, seeds: int) -> dict[str, Any]:
    """Counts of a loader that others have run on hardware, or of qsac's, and how far it is from what it loads."""
    from tests.bench import attention_loaders, optimisers

    made, seconds = timed(lambda: attention_loaders.made(what, context, dimension, target, seeds))
    return {
        "gates": optimisers.two_qubit_gates(made.circuit),
        "depth": optimisers.two_qubit_depth(made.circuit),
        "qubits": made.qubits,
        "seconds": asdict(seconds),
        "deviation": made.deviation,
    }


WHAT = (
    *(qsac, peer, routed, compile, bind, optimise_plain, optimise_fused, shots, pruned, simulate),
    *(transformer, written, iterate, state, host, others_loader, hybrid),
)
JOBS = {job.__name__: job for job in WHAT}


def main() -> None:
    name, arguments = sys.argv[1:]
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if most == resource.RLIM_INFINITY else min(MEMORY_LIMIT, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    print(json.dumps(JOBS[name](**json.loads(arguments))))


if __name__ == "__main__":
    main()

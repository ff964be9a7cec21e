"""Pruned loaders: never more gates than exact, never a larger error than the budget."""

from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qsac
from qsac.artifact.compiled import Compiled
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from qsac.ir.approximation import infidelity
from qsac.ir.attention import LoadPruned, LoadTokens
from qsac.ir.interpreter import final_state, interpret
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.machine.target import Target
from qsac.passes.attention._pruning import Choice, Pruning, cheapest
from qsac.passes.attention.prune_loaders import PruneLoaders
from qsac.pipeline.contract import ErrorLedger, PassContext
from qsac.pipeline.registry import default_pipeline, print_pipeline
from tests.cases import ALL, examples, seeds, some
from tests.pipelines import CASCADES
from tests.programs import build
from tests.shares import Share
from tests.strategies import models, random_model

IDENTITY = {"type": "identity"}
ANSATZ = {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal", "scale": 1.0, "seed": 0}}
SOFTMAX = {"type": "softmax-taylor", "degree": 2}
TARGETS: dict[str, Target] = {
    "zzphase": target("h2"),
    "cz": replace(target("ibm-fez"), coupling=None, directions=None, name="all-to-all-cz"),
}


def model(values: Any, **attention: Any) -> dict[str, Any]:
    overlap = {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}, "value": IDENTITY, "score": IDENTITY}
    return {
        "qsac": 1,
        "name": "smooth",
        "tokens": {"type": "inline", "values": values},
        "attention": overlap | attention,
    }


def smooth(seed: int, context: int, dimension: int, step: float, real: bool) -> list[Any]:
    """Tokens on a curve: a state that is turned by `step` (radians, about) from each to the next."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(dimension, dimension)) + (0 if real else 1j * rng.normal(size=(dimension, dimension)))
    generator = (matrix - matrix.conj().T) / np.linalg.norm(matrix - matrix.conj().T, 2)
    values, vectors = np.linalg.eigh(1j * generator)
    start = rng.normal(size=dimension) + (0 if real else 1j * rng.normal(size=dimension))
    rows = [vectors @ (np.exp(-1j * values * step * t) * (vectors.conj().T @ start)) for t in range(context + 1)]
    table = np.real(rows) if real else np.array(rows)
    return table.tolist() if real else np.stack((table.real, table.imag), axis=-1).tolist()


def tfim(sites: int, context: int, dt: float, seed: int = 0) -> Any:
    """The states of an Ising chain, as they are: not loaded by evolution."""
    tokens = {"type": "tfim", "sites": sites, "context": context, "dt": dt, "initial": "haar", "seed": seed}
    given = model([[1, 0]] * 2) | {"tokens": {**tokens, "coupling": 1.0, "field": 0.8, "boundary": "open"}}
    return load(given).canonical["tokens"]["values"]


def compiled(
    source: Any,
    budget: float,
    machine: Target = TARGETS["zzphase"],
    verify: bool = True,
    passes: str | None = None,
) -> Compiled:
    return qsac.compile(source, machine, optimisation=3, error_budget=budget, verify=verify, passes=passes)


def assert_within(source: Any, budget: float, machine: Target, passes: str | None = None) -> Compiled:
    """What must hold of every model: few gates, and errors within the budget however they are looked at."""
    exact = qsac.compile(source, machine, optimisation=3, passes=passes, verify=False)
    found = compiled(source, budget, machine, passes=passes)
    assert found.stats["two_qubit_gates"] <= exact.stats["two_qubit_gates"]
    report = found.stats["error_budget"]
    if not report["spent"]:
        assert found.ir == exact.ir
        assert found.circuits[0].two_qubit_gates == exact.circuits[0].two_qubit_gates
        return found
    assert found.stats["two_qubit_gates"] < exact.stats["two_qubit_gates"]
    assert sum(map(sqrt, report["spent"].values())) <= sqrt(budget)
    total = sum(map(sqrt, report["spent"].values())) ** 2
    if report["infidelity"] is not None:
        assert report["infidelity"] <= total + 1e-12
    # Lengths of projections of the final states differ by no more than the states do.
    values = closed_form(load(source))
    distance = sqrt(2 - 2 * sqrt(1 - total)) + 1e-9
    given, both = interpret(found.program).probabilities["fidelity"]
    assert abs(sqrt(given) - sqrt(values["zeta"] or 0.0)) <= distance
    assert abs(sqrt(both) - sqrt((values["zeta"] or 0.0) * (values["fidelity"] or 0.0))) <= distance
    return found


BUDGETS = st.sampled_from([1e-4, 1e-3, 1e-2, 0.1, 0.5])
FAMILIES = st.sampled_from(sorted(TARGETS))
KERNELS = st.sampled_from([{"type": "monomial", "degree": 1}, {"type": "monomial", "degree": 2}, SOFTMAX])


def test_smooth_tokens() -> None:
    with Share(0.15) as share:

        @settings(max_examples=examples(40))
        @given(
            tokens=st.builds(
                smooth,
                seed=st.integers(0, 2**20),
                context=st.integers(1, 12 if ALL else 6),
                dimension=st.sampled_from([2, 4, 5, 8]),
                step=st.sampled_from([0.0, 0.02, 0.1, 0.4]),
                real=st.booleans(),
            ),
            kernel=KERNELS,
            mask=st.sampled_from(["causal", "full"]),
            score=st.sampled_from([IDENTITY, ANSATZ]),
            budget=BUDGETS,
            family=FAMILIES,
        )
        def holds(tokens: list[Any], kernel: Any, mask: str, score: Any, budget: float, family: str) -> None:
            found = assert_within(model(tokens, kernel=kernel, mask=mask, score=score), budget, TARGETS[family])
            share.saw(bool(found.stats["error_budget"]["spent"]))

        holds()


def test_generated_models() -> None:
    with Share(0.05) as share:

        @settings(max_examples=examples(30))
        @given(source=models(), budget=BUDGETS, family=FAMILIES)
        def holds(source: Any, budget: float, family: str) -> None:
            # Beside ladders, smooth tokens and random models are pruned.
            found = assert_within(source, budget, TARGETS[family], None if ALL else CASCADES)
            share.saw(bool(found.stats["error_budget"]["spent"]))

        holds()


def test_random_models() -> None:
    with Share(0.5) as share:
        for seed in seeds(12, one_of=4):
            machine = TARGETS["cz" if seed % 3 == 0 else "zzphase"]
            assert_within(random_model(seed), 0.05, machine)
            found = assert_within(random_model(seed), 0.05, machine, CASCADES)
            share.saw(bool(found.stats["error_budget"]["spent"]))


@pytest.mark.parametrize("sign", [1, -1])
def test_rows_of_both_signs(sign: int) -> None:
    """Real rows x and -x are one ray, but no diagonal is there to tell them apart."""
    rows = np.tile([[0.6, 0.8]], (9, 1)) * np.array([1, sign] * 4 + [1])[:, None]
    found = assert_within(model(rows.tolist()), 1e-2, TARGETS["zzphase"])
    assert found.stats["two_qubit_gates"] > 0


@pytest.mark.parametrize(("dt", "budget", "most"), some([(0.05, 1e-2, 0.62), (0.05, 1e-3, 0.97), (0.1, 1e-2, 0.85)], 3))
def test_ising_trajectories(dt: float, budget: float, most: float) -> None:
    source = model(tfim(4, 32, dt))
    exact = qsac.compile(source, TARGETS["zzphase"], verify=False).stats["two_qubit_gates"]
    found = assert_within(source, budget, TARGETS["zzphase"])
    assert found.stats["two_qubit_gates"] <= most * exact


@pytest.mark.parametrize(
    ("dt", "infidelity_of_tokens", "most"), [(0.05, 1e-2, 180), (0.05, 3e-3, 290), (0.1, 1e-2, 290)]
)
@pytest.mark.parametrize("seed", range(3))
def test_one_loader(dt: float, infidelity_of_tokens: float, most: int, seed: int) -> None:
    """Mean infidelity of the tokens of one loader; dropped Walsh coefficients leave 223 to 446 gates (dt = 0.05)."""
    numbers = np.array(tfim(4, 32, dt, seed))
    rows = (numbers[..., 0] + 1j * numbers[..., 1])[:32]
    pruning = Pruning(rows, np.full(32, 1 / 32), 476, sqrt(3 * infidelity_of_tokens))
    lost = {}
    for choice in pruning.front:
        loaded = pruning.loaded(choice.cutoffs)
        lost[choice.cost] = float(np.mean(1 - np.abs(np.einsum("td,td->t", loaded.conj(), rows)) ** 2))
    assert pruning.front[0].cost == 476
    assert min(cost for cost, value in lost.items() if value <= infidelity_of_tokens) <= most


def test_the_infidelity_is_that_of_the_final_states() -> None:
    """From the definition, on a program whose loads are all from zero: no unitary is left open there."""
    program = build(load(model(smooth(3, 8, 4, 0.1, False))))
    ledger = ErrorLedger(0.05)
    after = PruneLoaders().apply(program, PassContext(target("h1"), 3, ledger=ledger))
    verify(after)
    loads = [op for op in after.ops if isinstance(op, LoadPruned)]
    assert loads
    only = next(place for place, op in enumerate(after.ops) if isinstance(op, LoadPruned) and not op.inverse)
    ops = [
        LoadTokens(op.data, op.index, op.exact, op.inverse) if isinstance(op, LoadPruned) and place != only else op
        for place, op in enumerate(after.ops)
    ]
    mixed = after.with_ops(ops)
    stop = only + 1
    exact = replace(program, ops=program.ops[:stop], readouts=())
    approximate = replace(mixed, ops=mixed.ops[:stop], readouts=())
    states = [final_state(one, lambda op, one=one: op.matrices(one.scope)) for one in (exact, approximate)]
    expected = 1 - abs(np.vdot(*states)) ** 2
    assert infidelity(approximate) == pytest.approx(expected, abs=1e-12)
    assert infidelity(after) == pytest.approx(ledger.spent["prune-loaders"], abs=1e-12)
    assert expected > 0


def test_a_wide_program_is_pruned_by_the_sum_of_errors() -> None:
    """Above 20 qubits the true infidelity is not known; the sum of errors is within the budget all the same."""
    source = model(smooth(5, 32, 2, 0.01, False), kernel={"type": "monomial", "degree": 11})
    steps = print_pipeline([step for step in default_pipeline(3) if step.name != "truncate-tokens"])
    found = compiled(source, 0.05, target("h2"), verify=False, passes=steps)
    spent = found.stats["error_budget"]["spent"]["prune-loaders"]
    assert 0 < spent <= 0.05
    program = found.program
    assert sum(register.size for register in program.registers) > 20
    assert infidelity(program) is None
    bound = 0.0
    for op in program.ops:
        if isinstance(op, LoadPruned):
            rows, exact = program.tables[op.table].values, program.tables[op.exact].values
            bound += float(np.max(np.linalg.norm(rows - exact, axis=1)))
    assert sqrt(spent) <= bound


def test_what_other_passes_have_spent_is_left_to_them() -> None:
    program = build(load(model(smooth(3, 8, 4, 0.1, False))))
    ledger = ErrorLedger(0.05, {"other": 0.02})
    after = PruneLoaders().apply(program, PassContext(target("h1"), 3, ledger=ledger))
    assert any(isinstance(op, LoadPruned) for op in after.ops)
    assert sum(map(sqrt, ledger.spent.values())) <= sqrt(ledger.budget)
    for full in (ErrorLedger(0.05, {"other": 0.05}), ErrorLedger(0.0)):
        before = dict(full.spent)
        assert PruneLoaders().apply(program, PassContext(target("h1"), 3, ledger=full)) == program
        assert full.spent == before


def test_below_the_highest_level_nothing_is_pruned() -> None:
    source = model(smooth(3, 8, 2, 0.05, False))
    for optimisation in (0, 1, 2):
        found = qsac.compile(source, "h1", optimisation=optimisation, error_budget=0.1)
        assert found.stats["error_budget"] == {"budget": 0.1, "spent": {}}
    assert compiled(source, 0.1).stats["error_budget"]["spent"]["prune-loaders"] > 0
    names = [step.name for step in default_pipeline(3)]
    assert names.index("fold-unitaries") < names.index("prune-loaders")


def test_the_artifact_stands_alone() -> None:
    found = compiled(model(smooth(3, 8, 2, 0.05, False)), 1e-2)
    again = Compiled.parse(found.to_json().encode(), "artifact")
    assert again.program == found.program
    deviation = found.stats["error_budget"]["loss_deviation"]
    assert abs(deviation) > 1e-6
    assert qsac.run(again).metrics["loss"] == pytest.approx(closed_form(found.model)["loss"] + deviation, abs=1e-9)


@given(st.integers(0, 2**20), st.floats(0, 2))
def test_the_cheapest_combination(seed: int, allowed: float) -> None:
    rng = np.random.default_rng(seed)
    fronts, counts = [], []
    for _ in range(rng.integers(1, 4)):
        errors = np.concatenate(([0.0], np.sort(rng.uniform(0, 1, rng.integers(0, 5)))))
        costs = np.sort(rng.integers(0, 50, len(errors)))[::-1]
        fronts.append([Choice((), int(cost), float(error)) for cost, error in zip(costs, errors, strict=True)])
        counts.append(int(rng.integers(1, 3)))
    found = cheapest(fronts, counts, allowed)
    assert sum(count * choice.error for count, choice in zip(counts, found, strict=True)) <= allowed
    grids = np.meshgrid(*[range(len(front)) for front in fronts], indexing="ij")
    least = min(
        sum(count * front[place].cost for count, front, place in zip(counts, fronts, places, strict=True))
        for places in zip(*(grid.reshape(-1).tolist() for grid in grids), strict=True)
        if sum(count * front[place].error for count, front, place in zip(counts, fronts, places, strict=True))
        <= allowed
    )
    assert sum(count * choice.cost for count, choice in zip(counts, found, strict=True)) == least

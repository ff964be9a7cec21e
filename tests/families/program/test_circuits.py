"""The circuits of programs: what they take, what they give, and that loads are barriers."""

from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from qsac.families.contract import CircuitStep
from qsac.ir.attention import LoadWhole
from qsac.ir.program import Program
from tests.cases import seeds
from tests.families.program import generated
from tests.families.program.agreement import agree
from tests.families.program.models import layers, loaded, network, search, vector
from tests.shares import Share

EIGHT = np.random.default_rng(5).normal(size=(8, 4)).tolist()


def eight(**program: Any) -> dict[str, Any]:
    """A search of eight tokens of dimension 4, one row of it, by the oracle of degree 12."""
    asked = {"threshold": 0.6, "most": 1, "schedule": "typical", "rows": [0]}
    own = search(oracle={"type": "overlap", "degree": 12}, **asked | program)
    return own | {"tokens": {"type": "inline", "values": EIGHT}}


# What they take


@pytest.mark.parametrize(("most", "rounds", "gates"), [(2, 1, 208), (1, 2, 416)])
def test_gates_of_a_search(most: int, rounds: int, gates: int) -> None:
    """An oracle call of 203: 15 for each load of keys, which ends in a Bell basis, 3 for each phase on the query and 1
    for each phase between; 5 to reflect. The phases at both ends of a call are global, and left out."""
    compiled = qsac.compile(loaded(eight(most=most)), "h2", verify=False)
    assert compiled.names == (f"row-0-rounds-{rounds}",)
    assert compiled.stats["two_qubit_gates"] == gates == rounds * (12 * 15 + 6 * 3 + 5 + 5)
    assert compiled.stats["qubits"] == 5


@pytest.mark.parametrize(("width", "each", "between"), [(2, 2, 1), (6, 6, 5)])
def test_gates_of_echoes(width: int, each: int, between: int) -> None:
    """3k - 1 for two qubits, 11k - 5 for three: 13k - 5 with four gates a load."""
    rng = np.random.default_rng(1)
    given = network(
        layers=[{"weights": rng.normal(size=(1, width)).tolist()}],
        inputs=rng.normal(size=(1, width)).tolist(),
        estimate={"orders": [1, 2, 3, 5, 8]},
    )
    compiled = qsac.compile(loaded(given), "h2", verify=False)
    found = [part["two_qubit_gates"] for part in compiled.parts_stats]
    assert found == [each * k + between * (k - 1) for k in (1, 2, 3, 5, 8)]


def test_gates_of_a_row_of_attention() -> None:
    given = layers(layers=[{"attention": {"kernel": {"type": "softmax-taylor", "degree": 2}, "mask": "full"}}])
    given["tokens"] = {"type": "inline", "values": np.array(EIGHT)[:, :3].tolist()}
    compiled = qsac.compile(loaded(given), "h2", verify=False)
    assert len(compiled.circuits) == 8 * 3
    assert max(part["two_qubit_gates"] for part in compiled.parts_stats) <= 90
    assert compiled.stats["qubits"] == 6


@pytest.mark.parametrize(
    ("name", "gates", "qubits"),
    [("training-1-order-2", 34, 5), ("training-linear-2", 34, 5), ("training-2-order-2", 294, 7)],
)
def test_gates_of_a_history(name: str, gates: int, qubits: int) -> None:
    """33, 31 and 269 gates of an all-to-all machine."""
    compiled = qsac.compile(loaded(vector(name)["model"]), "h2")
    assert max(part["two_qubit_gates"] for part in compiled.parts_stats) <= gates
    assert compiled.stats["qubits"] == qubits


# Loads are barriers


def _key_blocks(program: Program) -> list[tuple[Any, ...]]:
    """The blocks of the loads of keys, their numbers as bytes."""
    from qsac.lowering.lower import lower
    from qsac.machine.registry import target
    from qsac.pipeline.contract import ErrorLedger, PassContext

    context = PassContext(target("h2"), 2, 0, None, "qubits", ErrorLedger(0.0), None)
    found = []
    for block in lower(program, context).ops:
        op = program.ops[block.sources[0]]
        if isinstance(op, LoadWhole) and op.table == "keys":
            numbers = [getattr(block, name, None) for name in ("theta", "phi", "angles", "matrix")]
            kept = [table.values.tobytes() for table in numbers if table is not None]
            found.append((block.name, block.targets, block.controlled_by, *kept))
    return found


def test_queries_do_not_reach_the_loads_of_keys() -> None:
    """Two queries and the same keys: the blocks of the keys are the same, byte for byte. So are their native gates, up
    to the last bits of their frames, and there are as many as of the loader alone."""
    compiled = [qsac.compile(loaded(eight(most=2, rows=[row])), "h2", verify=False) for row in (0, 3)]
    blocks = [_key_blocks(one.programs[0]) for one in compiled]
    assert len(blocks[0]) > 12 * 7
    assert blocks[0] == blocks[1]
    one, other = (circuit.circuits[0] for circuit in compiled)
    assert len(one) == len(other)
    assert (one.kind == other.kind).all()
    keys = {at for at, op in enumerate(compiled[0].programs[0].ops) if getattr(op, "table", "") == "keys"}
    of_keys = np.array([bool(sources) and set(sources) <= keys for sources in _sources(one)])
    two_qubit = one.kind == one.kind[(one.second >= 0).argmax()]
    assert (of_keys & two_qubit).sum() == 12 * 15
    # Frames that gates of the query shift and shift back differ in their last bits.
    np.testing.assert_allclose(one.angles[of_keys], other.angles[of_keys], rtol=0, atol=1e-13)
    assert (one.angles != other.angles).any()


def _sources(circuit: Any) -> list[tuple[int, ...]]:
    """The ops that each gate is of."""
    provenance = circuit.provenance
    return [provenance.sets[which] for which in provenance.of]


def test_no_pass_takes_whole_loads_for_others() -> None:
    """With every pass of every level the ops of the walk stay as they are built."""
    model = loaded(eight(most=2))
    (step, *_) = model.plan.circuits
    assert isinstance(step, CircuitStep)
    for level in (1, 2, 3):
        compiled = qsac.compile(model, "h2", optimisation=level, verify=False)
        kept = [op for op in compiled.programs[0].ops if isinstance(op, LoadWhole)]
        assert kept == [op for op in step.program.ops if isinstance(op, LoadWhole)]


# What they give


def _is_built(given: Any) -> bool:
    """Whether there are circuits with gates; they agree then. Some drawn numbers are refused, each with its reason."""
    try:
        model = loaded(given)
        model.plan  # noqa: B018
    except InvalidInputError as error:
        return error.code not in {"program.not-compiled", "program.no-row-sum", "model.out-of-scale"}
    return agree(given) > 0


@pytest.mark.parametrize(
    ("program", "complex_rows"),
    [
        ({}, True),
        ({"part": "re", "threshold": 0.3}, False),
        ({"index": "superposed", "rows": [1, 2]}, True),
    ],
)
def test_searches_without_heralds(program: dict[str, Any], complex_rows: bool) -> None:
    """What leaks stays in one data register, in the same number of gates: three answers."""
    rows = np.random.default_rng(6).normal(size=(6, 3, 2))
    given = eight(**program | {"herald": False})
    given["program"]["oracle"]["degree"] = 8
    given["tokens"]["values"] = rows.tolist() if complex_rows else rows[..., 0].tolist()
    model, heralded = loaded(given), loaded(given | {"program": given["program"] | {"herald": True}})
    assert agree(given) == qsac.compile(heralded, "h2", verify=False).stats["two_qubit_gates"]
    outcomes = [model.expected[name] for name in model.expected if "rounds" in name]
    assert all(found.given == pytest.approx(1.0, abs=1e-12) for found in outcomes)
    others = [heralded.expected[name].index for name in model.expected if "rounds" in name]
    assert any(
        np.abs(one.index.marginal - other.marginal).max() > 1e-3 for one, other in zip(outcomes, others, strict=True)
    )


def test_the_bound_on_what_leaks() -> None:
    """Keys outside the margin: no more than sqrt(2 error) of amplitude a round, and not much less."""
    rows = np.array([[1.0, 0.0], [0.1, 1.0], [0.25, -0.9], [0.99, 0.1], [-0.3, 1.0]])
    given = search(oracle={"type": "overlap", "degree": 8}, rows=[0], most=1, herald=False, threshold=0.6)
    given["tokens"]["values"] = rows.tolist()
    given["program"]["schedule"] = "typical"
    told = loaded(given).readout.closed_form(loaded(given)).values["leaked"]
    assert told
    for rounds, one in told.items():
        assert int(rounds) * 0.01 < one["distance"] <= one["bound"]


@pytest.mark.parametrize("kind", ["search", "network", "layers", "training"])
def test_generated_programs(kind: str) -> None:
    """Of 100 models a kind one in twenty where not all are asked for."""
    with Share(0.5) as share:
        for seed in seeds(100, one_of=20):
            share.saw(_is_built(getattr(generated, kind)(seed)))


def test_a_controlled_gate_that_is_nearly_the_identity() -> None:
    """A polar factor 2e-7 from the identity, which Qiskit's synthesis leaves out."""
    assert agree(generated.training(3)) > 0


def test_generated_dynamics() -> None:
    """The history solves M Z = r, is that of the recursion, and the series of the solver is its inverse."""
    for seed in seeds(100, one_of=10):
        model = loaded(generated.training(seed))
        system, found = model.system, model.readout.closed_form(model).values
        size, instants = len(system.offset), system.steps + 1
        shift = np.diag(np.ones(instants - 1), -1)
        step = np.kron(shift, system.matrix)
        matrix = np.eye(instants * size) - step
        np.testing.assert_allclose(matrix @ np.ravel(found["history"]), found["rhs"], atol=1e-10)
        product, power = np.eye(instants * size), step
        for _ in range(max(1, (instants - 1).bit_length())):
            product, power = product @ (np.eye(instants * size) + power), power @ power
        np.testing.assert_allclose(product @ matrix, np.eye(instants * size), atol=1e-9)
        assert 0 < found["neumann"]["success_probability"] <= 1


def test_other_machines() -> None:
    for machine in ("ibm-fez", "statevector"):
        agree(search(oracle={"type": "overlap", "degree": 4}, rows=[0], schedule="typical", most=1), machine)
        agree(network(), machine)

"""Loads by structure, in whole models and in programs: the same meaning in fewer gates."""

from typing import Any

import numpy as np
import pytest

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import EMITTERS
from qsac.families.reading import load
from qsac.ir.attention import LoadTokens
from qsac.ir.interpreter import interpret
from qsac.ir.op import Register
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import pass_class
from tests import structured_states as states
from tests.cases import seeds
from tests.programs import build
from tests.strategies import random_model

PASS = pass_class("load-by-structure")()
BLOCK_PASSES = "drop-controls,drop-diagonals,merge-diagonals,merge-rotations"


def context(name: str = "h1", optimisation: int = 1) -> PassContext:
    return PassContext(target(name), optimisation)


def applied(program: Program, name: str = "h1", optimisation: int = 1) -> Program:
    return PASS.apply(program, context(name, optimisation))  # type: ignore[arg-type]


def model(tokens: np.ndarray, **attention: Any) -> dict[str, Any]:
    values = np.stack([tokens.real, tokens.imag], axis=-1).tolist() if np.iscomplexobj(tokens) else tokens.tolist()
    identity = {"type": "identity"}
    kernel = {"type": "monomial", "degree": 1}
    fields = {"type": "overlap", "mask": "causal", "kernel": kernel, "value": identity, "score": identity} | attention
    return {"qsac": 1, "tokens": {"type": "inline", "values": values}, "attention": fields}


def embedded(rng: np.random.Generator, rows: int, qubits: int, *, real: bool) -> np.ndarray:
    """Tokens whose features are the angles of their qubits."""
    return np.array(
        [
            states.product([states.generic(rng, 1, real=real) for _ in range(qubits)], [(q,) for q in range(qubits)])
            for _ in range(rows)
        ]
    )


@pytest.mark.parametrize("real", [True, False], ids=["real", "complex"])
@pytest.mark.parametrize(
    ("name", "context_length", "qubits"), [("h1", 4, 2), ("h1", 8, 3), ("h1", 5, 3), ("ibm-fez", 8, 3)]
)
def test_tokens_that_are_products_of_qubits(name: str, context_length: int, qubits: int, real: bool) -> None:
    rng = np.random.default_rng([context_length, qubits, real])
    tokens = embedded(rng, context_length + 1, qubits, real=real)
    program = build(load(model(tokens)))
    after = applied(program, name)
    loads = [op for op in after.ops if isinstance(op, LoadTokens)]
    assert all(op.by_structure for op in loads)
    # A ladder for each qubit.
    assert sum(op.structure(after.scope).gates for op in loads) <= 4 * qubits * (context_length - 1)  # type: ignore[union-attr]
    expected = interpret(program)
    for found in (interpret(after), interpret(lower(after, context()))):
        for metric, pair in expected.probabilities.items():
            assert found.probabilities[metric] == pytest.approx(pair, abs=1e-12)


def test_a_model_of_products_takes_fewer_gates() -> None:
    tokens = embedded(np.random.default_rng(3), 9, 3, real=True)
    usual = compile(model(tokens), "h1", passes=BLOCK_PASSES, verify=True).stats
    found = compile(model(tokens), "h1", passes=f"load-by-structure,{BLOCK_PASSES}", verify=True).stats
    # A ladder for each of three qubits in place of one of half as many rows as there are numbers.
    assert usual["two_qubit_gates"] - found["two_qubit_gates"] == 4 * (8 * 4 - 3 * 7)


@pytest.mark.parametrize("seed", seeds(30))
def test_models_keep_their_meaning_and_take_no_more_gates(seed: int) -> None:
    program = build(load(random_model(seed)))
    after = applied(program)
    for family in ("zzphase", "cz"):
        assert two_qubit_gates(after, family) <= two_qubit_gates(program, family)  # type: ignore[arg-type]
    expected = interpret(program)
    for metric, pair in interpret(lower(after, context())).probabilities.items():
        assert pair == pytest.approx(expected.probabilities[metric], abs=1e-10)


@pytest.mark.parametrize(("context_length", "qubits", "taken"), [(8, 3, True), (16, 2, False), (4, 2, False)])
def test_complex_products_give_way_to_ladders_of_fewer_gates(context_length: int, qubits: int, taken: bool) -> None:
    """Of (16, 4) and (4, 4) the ladders of a pair take 30 and 6 gates without a diagonal, factors as many with one; of
    (8, 8) they take 23, and factors 21."""
    tokens = embedded(np.random.default_rng(9), context_length + 1, qubits, real=False)
    program = build(load(model(tokens)))
    assert applied(program) != program
    assert (applied(program, optimisation=2) != program) == taken


def test_tables_that_no_ladder_is_solved_for_are_not_left_to_one() -> None:
    tokens = embedded(np.random.default_rng(11), 81, 2, real=False)
    program = build(load(model(tokens)))
    assert all(op.by_structure for op in applied(program, optimisation=2).ops if isinstance(op, LoadTokens))


def test_on_a_coupling_graph_more_targets_have_to_pay() -> None:
    """Of seven rows, three ladders are no full ones, and take more than half of the gates."""
    tokens = embedded(np.random.default_rng(10), 8, 3, real=True)
    program = build(load(model(tokens)))
    assert applied(program) != program
    assert applied(program, "ibm-fez") == program


def test_generic_tables_are_left_alone() -> None:
    rng = np.random.default_rng(4)
    tokens = np.array([states.generic(rng, 2) for _ in range(6)])
    program = build(load(model(tokens)))
    assert applied(program) == program


def single(row: np.ndarray, *, inverse: bool = False) -> Program:
    """A state, loaded and read out."""
    size = len(row).bit_length() - 1
    ops = (LoadTokens("data", (), "row", inverse=inverse), SaveProbabilities(("data",), "found"))
    return Program("one", "attention", (Register("data", size),), {"row": Table(row[None])}, ops, ())


@pytest.mark.parametrize(
    ("row", "gates"),
    [
        (states.on(6, range(64)), 0),
        (states.on(6, range(32)), 0),
        (states.on(5, [19]), 0),
        (states.ghz(5), 4),
        (states.w(5), 7),
    ],
    ids=["uniform", "uniform over half", "basis", "GHZ", "W"],
)
@pytest.mark.parametrize("name", ["h1", "ibm-fez"])
def test_single_states_are_loaded_at_their_price(row: np.ndarray, gates: int, name: str) -> None:
    program = single(row)
    family = target(name).family
    after = applied(program, name)
    assert two_qubit_gates(after, family) == gates
    blocks = lower(after, context(name))
    assert EMITTERS[family](blocks, None)[0].two_qubit_gates == gates
    np.testing.assert_allclose(interpret(blocks).observed["found"], np.abs(row) ** 2, atol=1e-14)


def test_a_product_of_five_qubits_takes_no_gate() -> None:
    row = embedded(np.random.default_rng(8), 1, 5, real=True)[0]
    program = single(row)
    assert two_qubit_gates(program, "zzphase") == 18
    assert two_qubit_gates(applied(program), "zzphase") == 0


def test_once_is_enough() -> None:
    program = single(states.w(4))
    after = applied(program)
    assert after != program
    assert applied(after) == after


def test_templates_load_what_they_are_given() -> None:
    assert not PASS.templates

"""Evolution loaders in place of tables: the gates they save, the budget they keep to, the strings that reverse time."""

from itertools import product
from math import sqrt
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from qsac.ir.approximation import infidelity
from qsac.ir.attention import LoadEvolution, LoadTokens, SelectIndex
from qsac.ir.interpreter import interpret
from qsac.ir.op import Scope
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.numerics.product_formulas import anticommute
from qsac.passes.attention._loader import Search
from qsac.passes.attention._reversal import reversal
from qsac.pipeline.contract import ErrorLedger, PassContext
from qsac.pipeline.registry import default_pipeline, pass_class
from tests.cases import seeds, some
from tests.programs import build

EvolveTokens: Any = pass_class("evolve-tokens")
IDENTITY = {"type": "identity"}
ANSATZ = {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal", "scale": 1.0, "seed": 1}}


def tfim(sites: int, context: int, dt: float = 0.35, **fields: Any) -> dict[str, Any]:
    base = {"coupling": 1.0, "field": 0.8, "initial": "haar", "seed": 3}
    return {"type": "tfim", "sites": sites, "context": context, "dt": dt, **base, **fields}


def model(tokens: dict[str, Any], **attention: Any) -> dict[str, Any]:
    fields = {"kernel": {"type": "monomial", "degree": 1}, "value": ANSATZ, "score": IDENTITY, **attention}
    return {"qsac": 1, "name": "evolved", "tokens": tokens, "attention": {"type": "overlap", **fields}}


def chain(sites: int, periodic: bool) -> list[str]:
    bonds = [(q, q + 1) for q in range(sites - 1)] + ([(sites - 1, 0)] if periodic else [])
    strings = ["".join("z" if q in bond else "i" for q in range(sites)) for bond in bonds]
    return strings + ["".join("x" if q == site else "i" for q in range(sites)) for site in range(sites)]


@pytest.mark.parametrize(("sites", "periodic"), [(2, False), (4, False), (4, True), (5, False), (8, True), (12, False)])
def test_chains_without_frustration_are_reversed(sites: int, periodic: bool) -> None:
    terms = chain(sites, periodic)
    assert all(anticommute(reversal(terms), term) for term in terms)


@pytest.mark.parametrize("sites", [3, 5, 7])
def test_of_an_odd_ring_all_but_one_bond_is_reversed(sites: int) -> None:
    terms = chain(sites, True)
    assert sum(not anticommute(reversal(terms), term) for term in terms) == 1


@pytest.mark.parametrize("seed", seeds(60, one_of=3))
def test_a_reversing_string_is_found_where_there_is_one_and_it_is_the_lightest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    qubits = int(rng.integers(1, 5))
    terms = ["".join(rng.choice(list("ixyz"), qubits)) for _ in range(rng.integers(1, 6))]
    terms = [term for term in terms if set(term) != {"i"}] or ["x" * qubits]
    every = ("".join(letters) for letters in product("ixyz", repeat=qubits))
    weights = [qubits - k.count("i") for k in every if all(anticommute(k, term) for term in terms)]
    found = reversal(terms)
    assert all(anticommute(found, term) for term in terms) == bool(weights)
    if weights:
        assert qubits - found.count("i") == min(weights)


def found_loader(tokens: dict[str, Any], allowed: float) -> tuple[float, float, int]:
    """Mean token infidelity and gates of a loader for equally likely tokens, and the gates of the table's."""
    table = build(load(model(tokens)), provenance=True).tables["context"]
    count, dimension = table.values.shape
    size, bits = dimension.bit_length() - 1, (count - 1).bit_length()
    gates = (dimension - 1 << bits) - size
    assert table.source is not None
    search = Search(
        table.values.astype(complex), table.source, np.full(count, 1 / count), "zzphase", gates, sqrt(allowed)
    )
    loader = search.find(sqrt(allowed))
    assert loader is not None
    assert loader.error <= sqrt(allowed)
    loaded = loader.op.loaded(Scope({"data": size, "index": bits}, {"state": loader.state}))[:count]
    overlaps = np.abs(np.einsum("td,td->t", table.values.conj(), loaded)) ** 2
    return float(1 - overlaps.mean()), loader.cost, gates


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("dt", "coupling", "field", "most"), [(0.35, 1.0, 0.8, 0.3), (0.1, 1.5, 1.5, 0.2)])
def test_loaders_of_four_sites(dt: float, coupling: float, field: float, most: float, seed: int) -> None:
    lost, gates, table = found_loader(tfim(4, 32, dt, coupling=coupling, field=field, seed=seed), 1e-2)
    assert table == 476
    assert lost <= 1e-2
    assert gates <= most * table


def test_loaders_of_eight_sites() -> None:
    lost, gates, table = found_loader(tfim(8, 32), 1e-2)
    assert table == 8152
    assert lost <= 1e-2
    assert gates <= 0.08 * table


def test_a_product_state_at_the_beginning_is_started_from() -> None:
    """Preparing the middle state of nine qubits takes 502 gates, evolving to it far fewer."""
    _, gates, _ = found_loader(tfim(9, 4, 0.2, initial="plus"), 1e-2)
    assert gates < 200


# Exact ladders of small tables are shorter than any evolution, and pruning spends the budget on its own.
OTHERS = ("prune-loaders", "rotate-ladders")
PASSES = ",".join(step.name for step in default_pipeline(3) if step.name not in OTHERS)
"""No other pass spends."""


def compiled(tokens: dict[str, Any], budget: float, **attention: Any) -> Compiled:
    return qsac.compile(
        model(tokens, **attention), "statevector", optimisation=3, passes=PASSES, error_budget=budget, verify=True
    )


HEISENBERG = {
    "type": "hamiltonian",
    "terms": [
        {"paulis": string, "coefficient": coefficient}
        for string, coefficient in [("XXI", 0.5), ("YYI", 0.5), ("ZZI", 0.5), ("IXX", 0.4), ("IYY", 0.4), ("IZZ", 0.4)]
    ],
    "initial": "0+r",
    "context": 8,
    "dt": 0.2,
}
THREE_BODY = {
    "type": "hamiltonian",
    "terms": [
        {"paulis": string, "coefficient": coefficient}
        for string, coefficient in [("XZX", 0.7), ("ZII", 0.4), ("IIZ", -0.4), ("III", 1.3)]
    ],
    "initial": [[0.3, 0.1], [1.2, -0.4], [0.9, 2.0]],
    "context": 7,
    "dt": 0.25,
}
SOFTMAX = {"type": "softmax-taylor", "degree": 2}


EVOLVED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (tfim(3, 8), {}),
    (tfim(3, 13), {"mask": "full", "phases": "optimal"}),
    (tfim(2, 16, 0.1), {"kernel": {"type": "monomial", "degree": 2}, "value": IDENTITY}),
    (tfim(4, 16, initial="zero"), {}),
    (THREE_BODY, {"kernel": SOFTMAX, "score": ANSATZ}),
]


@pytest.mark.parametrize(("given", "budget"), some(product(EVOLVED, [1e-3, 3e-2]), 3))
def test_the_budget_is_kept(given: tuple[dict[str, Any], dict[str, Any]], budget: float) -> None:
    tokens, attention = given
    found = compiled(tokens, budget, **attention)
    exact = qsac.compile(model(tokens, **attention), "statevector", optimisation=3, passes=PASSES, verify=False)
    report = found.stats["error_budget"]
    assert found.stats["two_qubit_gates"] < exact.stats["two_qubit_gates"]
    assert [*report["spent"]] == ["evolve-tokens"]
    spent = sum(map(sqrt, report["spent"].values())) ** 2
    assert 0 < spent <= budget
    assert report["infidelity"] is None or report["infidelity"] <= spent
    values = closed_form(load(model(tokens, **attention)))
    zeta, both = interpret(found.program).probabilities["fidelity"]
    assert report["loss_deviation"] == pytest.approx(-np.log(both / zeta) - values["loss"], abs=1e-9)
    assert abs(zeta - values["zeta"]) <= sqrt(budget) * 2


@pytest.mark.parametrize("budget", [1e-3, 3e-2])
@pytest.mark.parametrize(
    ("tokens", "attention"), [(HEISENBERG, {}), (tfim(3, 8, boundary="periodic"), {"kernel": SOFTMAX})]
)
def test_where_an_evolution_is_dearer_the_table_stays(
    tokens: dict[str, Any], attention: dict[str, Any], budget: float
) -> None:
    found = compiled(tokens, budget, **attention)
    exact = qsac.compile(model(tokens, **attention), "statevector", optimisation=3, passes=PASSES, verify=False)
    # Where much may be spent, fewer dimensions are better than an evolution, and than the table as it is.
    assert [*found.stats["error_budget"]["spent"]] == (["truncate-tokens"] if budget > 1e-2 else [])
    assert (found.ir == exact.ir) == (budget < 1e-2)
    assert found.stats["two_qubit_gates"] <= exact.stats["two_qubit_gates"]


def test_what_conserves_the_magnetisation_spans_so_little_that_a_table_is_cheaper() -> None:
    assert "evolve-tokens" not in compiled(HEISENBERG, 3e-2).stats["error_budget"]["spent"]
    assert compiled(HEISENBERG, 3e-2).circuits[0].two_qubit_gates < compiled(tfim(3, 8), 0).circuits[0].two_qubit_gates


def test_a_polynomial_is_evolved_without_gates_on_the_loaders() -> None:
    found = compiled(tfim(3, 8), 1e-2, kernel=SOFTMAX)
    scores = [op for op in found.program.ops if isinstance(op, LoadEvolution) and op.data.startswith("score")]
    assert len(scores) == 4
    assert sum(isinstance(op, SelectIndex) for op in found.program.ops) == 4
    assert found.stats["error_budget"]["infidelity"] == pytest.approx(infidelity(found.program), abs=1e-15)


@pytest.mark.parametrize("optimisation", [0, 1, 2, 3])
def test_without_a_budget_nothing_changes(optimisation: int) -> None:
    """The same artifact, byte for byte, as from the tokens' values; and below -O3 a budget is not spent."""
    given = load(model(tfim(3, 8)))
    inline = load(given.canonical)
    assert inline.evolution is None
    assert given == inline
    first, second = (qsac.compile(one, "h1", optimisation=optimisation, verify=False) for one in (given, inline))
    assert first.to_json() == second.to_json()
    if optimisation < 3:
        assert qsac.compile(given, "h1", optimisation=optimisation, error_budget=0.1).stats["error_budget"] == {
            "budget": 0.1,
            "spent": {},
        }


def test_the_artifact_stands_alone() -> None:
    found = compiled(tfim(3, 8), 1e-2)
    again = Compiled.parse(found.to_json().encode(), "artifact")
    assert again.program == found.program
    assert again.stats == found.stats
    assert qsac.run(again).metrics["loss"] == pytest.approx(
        closed_form(found.model)["loss"] + found.stats["error_budget"]["loss_deviation"], abs=1e-9
    )


def test_where_tables_come_from_is_written_and_read() -> None:
    program = build(load(model(tfim(3, 8))), provenance=True)
    assert program.tables["targets"].source is not None
    text = print_program(program)
    assert "\nevolution context {" in text
    assert parse_program(text) == program
    assert build(load(model(tfim(3, 8)))) != program
    for wrong in ('"zzi"', "evolution context", '"dt":0.35'):
        with pytest.raises(qsac.errors.InvalidInputError):
            parse_program(text.replace(wrong, {"evolution context": "evolution nothing"}.get(wrong, '"dt"'), 1))


def test_what_other_passes_have_spent_is_left_to_them() -> None:
    program = build(load(model(tfim(3, 8))), provenance=True)
    ledger = ErrorLedger(1e-2, {"other": 0.81e-2})
    after = EvolveTokens().apply(program, PassContext(target("h1"), 3, ledger=ledger))
    verify(after)
    assert any(isinstance(op, LoadEvolution) for op in after.ops)
    assert sum(map(sqrt, ledger.spent.values())) <= sqrt(ledger.budget)
    full = ErrorLedger(1e-2, {"other": 1e-2})
    assert EvolveTokens().apply(program, PassContext(target("h1"), 3, ledger=full)) == program


def test_a_long_or_trivial_evolution_is_left_as_a_table() -> None:
    still = {**THREE_BODY, "terms": [{"paulis": "III", "coefficient": 1.0}]}
    for tokens in (tfim(2, 4, dt=1e5), still):
        program = build(load(model(tokens)), provenance=True)
        after = EvolveTokens().apply(program, PassContext(target("h1"), 3, ledger=ErrorLedger(1e-2)))
        assert [op for op in after.ops if isinstance(op, LoadTokens)] == [
            op for op in program.ops if isinstance(op, LoadTokens)
        ]


def test_it_comes_before_unitaries_are_folded() -> None:
    names = [step.name for step in default_pipeline(3)]
    assert names.index("evolve-tokens") < names.index("select-indices") < names.index("fold-unitaries")
    assert "evolve-tokens" not in [step.name for step in default_pipeline(2)]

"""Estimates of programs: their own counts, and those of other sizes without building them."""

from typing import Any

import pytest

import qsac
from qsac.compiler.estimation import _Counted, _Estimation
from qsac.compiler.options import asked_for
from qsac.counting.stats import circuit_stats
from qsac.errors import InvalidInputError
from qsac.families.program import sizes
from qsac.families.program.family import FAMILY
from qsac.machine.read import find_target
from qsac.templates.template import _structure
from tests.families.program.models import layers, loaded, network, search, training, vector

OPTIONS = asked_for(None, None, None, 0, 0.0, None, "qubits")
TOLD = ("two_qubit_gates", "qubits", "measurements", "depth", "one_qubit_gates")


def causal() -> dict[str, Any]:
    """A search whose rows see different numbers of keys, by rounds of an oracle of few uses."""
    return search(mask="causal", most=1, schedule="typical", oracle={"type": "overlap", "degree": 4}, rows=[2, 3])


def signed() -> dict[str, Any]:
    matrix = {"type": "matrix", "entries": [[0.6, 0.8], [-0.8, 0.6]]}
    kernel = {"type": "monomial", "degree": 1}
    return layers(layers=[{"attention": {"kernel": kernel, "score": matrix, "mask": "full"}}])


MODELS = {"network": network, "causal search": causal, "layers": layers, "layers with a matrix": signed}


def _counts(counts: Any) -> dict[str, Any]:
    return {name: counts[name] for name in TOLD}


@pytest.mark.parametrize("kind", MODELS)
def test_other_sizes_are_those_of_a_drawn_model(kind: str) -> None:
    """Counts of another size are those that a drawn model of that size compiles to."""
    model, other = loaded(MODELS[kind]()), 0
    for asked in ({"context": 3}, {"dimension": 3}, {"context": 5, "dimension": 5}):
        found = qsac.estimate(model, "h2", **asked)
        own = {name: extent.own for name, extent in FAMILY.sizes(model).items()}
        drawn = FAMILY.drawn(model, own | asked)
        assert drawn.fields["program"]["type"] == model.fields["program"]["type"]
        assert {name: extent.own for name, extent in FAMILY.sizes(drawn).items()} == own | asked
        assert _counts(found.counts) == _counts(qsac.compile(drawn, "h2", verify=False).stats), asked
        assert found.shape.circuits == len(drawn.plan.circuits)
        other += found.counts != qsac.estimate(model, "h2").counts
    assert other >= 2


@pytest.mark.parametrize("kind", MODELS)
def test_circuits_that_are_alike_have_one_structure(kind: str) -> None:
    model = sizes.sized(loaded(MODELS[kind]()), {"context": 5, "dimension": 3})
    found: dict[Any, set[Any]] = {}
    for step in sizes.generic(model).circuits:
        assert step.alike is not None
        found.setdefault(step.alike, set()).add(_structure(step.program))
    assert all(len(structures) == 1 for structures in found.values())
    assert (len(found) < len(model.plan.circuits)) == (kind in ("network", "layers with a matrix"))
    assert len({structure for structures in found.values() for structure in structures}) == len(found)


@pytest.mark.parametrize(("kind", "context", "dimension"), [("causal search", 8, 4), ("layers with a matrix", 16, 16)])
def test_tables_without_numbers_take_as_many_gates(
    kind: str, context: int, dimension: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = sizes.sized(loaded(MODELS[kind]()), {"context": context, "dimension": dimension})
    machine = find_target("h2")
    made = _Estimation(machine, OPTIONS)
    circuit = made.unrouted(made.blocks(made.attention(model.plan.circuits[-1].program)))
    wanted = circuit_stats(circuit, machine)
    monkeypatch.setattr(sizes, "OUTLINED", 0)
    program = sizes.generic(model).circuits[-1].program
    assert not all(table.known for table in program.tables.values())
    found = _Counted(machine, OPTIONS, program).of_shape
    assert (found["qubits"], found["measurements"]) == (wanted["qubits"], wanted["measurements"])
    # Circuit passes look at gates, and are not run on what has no numbers.
    assert wanted["two_qubit_gates"] <= found["two_qubit_gates"] <= 1.1 * wanted["two_qubit_gates"] + 2
    assert wanted["two_qubit_gates"] > 20


def test_own_counts_of_many_circuits() -> None:
    """60 circuits of seven orders and two widths: one of each is counted, where interpolation would mix them."""
    given = vector("feed-forward-2-4-1")["model"]
    found = qsac.estimate(given, "h2")
    compiled = qsac.compile(given, "h2", verify=False)
    assert len(compiled.circuits) == found.shape.circuits == 60
    assert _counts(found.counts) == _counts(compiled.stats)
    assert "interpolated" not in found.reason


def test_circuits_without_tables() -> None:
    """Searches of no rounds load nothing."""
    found = qsac.estimate(vector("search-causal-8")["model"], "h2")
    assert found.basis == "model"
    assert found.exact


def test_large_sizes() -> None:
    wide = qsac.estimate(network(), "h2", context=1000, dimension=200)
    assert wide.shape.circuits == 1000 * 2 * 3
    assert wide.counts["two_qubit_gates"] > 1000 * 2 * (1 + 2 + 3) * 200 / 2
    long, half = (qsac.estimate(signed(), "h2", context=context, dimension=64) for context in (512, 256))
    assert long.shape.circuits == 512 * 8
    assert 3.5 < long.counts["two_qubit_gates"] / half.counts["two_qubit_gates"] < 4.5
    found = qsac.estimate(search(rows=[0, 3]), "h2", context=256, dimension=32)
    assert found.shape.circuits >= 2
    assert "kinds of circuits" in qsac.estimate(signed(), "h2", context=2048, dimension=512).reason


def test_sizes_that_there_are_not() -> None:
    for fields, asked in ((training(), {"context": 4}), (network(), {"context": 0}), (layers(), {"dimension": 1025})):
        with pytest.raises(InvalidInputError):
            qsac.estimate(fields, "h2", **asked)

"""Every gate says which ops it is of, whatever the target, and the artifact says what these ops are."""

import json
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np
import pytest

from qsac.artifact.compiled import Compiled
from qsac.compiler import compilation as compiler
from qsac.families.reading import load
from qsac.ir.identity import identities
from qsac.lowering.project import bit_register
from qsac.machine.read import parse_target
from qsac.native.circuit import KIND, gates_by_ops
from qsac.templates.template import template
from tests.cases import some
from tests.replay.plan import MACHINES
from tests.strategies import random_model

ANSATZ = {"type": "hardware-efficient", "rotations": ["rx", "ry"], "layers": 1, "parameters": {"init": "normal"}}


def _model(score: dict[str, Any], kernel: dict[str, Any], **more: Any) -> dict[str, Any]:
    values = np.random.default_rng(3).normal(size=(6, 4)).round(4).tolist()
    attention = {"type": "overlap", "kernel": kernel, "value": ANSATZ, "score": score}
    tokens = {"type": "inline", "values": values}
    return {"qsac": 1, "name": "made", "tokens": tokens, "attention": attention, **more}


def _assert_told(compiled: Compiled) -> None:
    """All gates are in groups, of ops that there are; measurements are of the op that projects their register."""
    (circuit,) = compiled.circuits
    ops = compiled.ops
    assert ops == identities(compiled.program.ops)
    assert [op.id for op in ops] == list(range(len(ops)))
    reached = 0
    for group in circuit.groups:
        assert group.first == reached <= group.last
        assert set(group.ops) <= set(range(len(ops)))
        assert list(group.ops) == sorted(set(group.ops)) != []
        reached = group.last + 1
    assert reached == len(circuit)
    counts = gates_by_ops(circuit)
    sums = [sum(column) for column in zip(*counts.values(), strict=True)]
    assert sums == [circuit.one_qubit_gates, circuit.two_qubit_gates]
    bits = {bit_register(register): op.id for op in ops if op.kind == "project" for register in op.register}
    masks = circuit.provenance.masks(len(circuit))
    for gate in np.flatnonzero(circuit.kind == KIND["Measure"]).tolist():
        register, _ = circuit.bits[circuit.second[gate]]
        assert masks[gate] == 1 << bits[register]


CONNECTED = product(["h2", "statevector", "aer"], range(4), range(12))


@pytest.mark.parametrize(("target", "optimisation", "seed"), some(CONNECTED, 11))
def test_gates_of_machines_that_connect_all_qubits(target: str, optimisation: int, seed: int) -> None:
    compiled = compiler.compile(random_model(seed), target, optimisation=optimisation, verify=False)
    _assert_told(compiled)


@pytest.mark.parametrize(("machine", "seed"), some(product(MACHINES, [0, 2, 3, 5]), 3))
@pytest.mark.usefixtures("short_search")
def test_gates_of_machines_of_ones_own(machine: str, seed: int) -> None:
    target = parse_target(json.dumps(MACHINES[machine]).encode(), machine)
    model = _model([{"type": "identity"}, ANSATZ][seed % 2], {"type": "monomial", "degree": 1})
    model["tokens"]["values"] = model["tokens"]["values"][: 3 + seed // 2]
    compiled = compiler.compile(model, target, optimisation=seed // 2, seed=seed, verify=False)
    _assert_told(compiled)


@pytest.mark.parametrize("optimisation", [1, 2, 3])
@pytest.mark.parametrize("target", ["ibm-fez", "ibm-sherbrooke"])
@pytest.mark.usefixtures("short_search")
def test_gates_of_ibms_machines(target: str, optimisation: int) -> None:
    model = _model({"type": "identity"}, {"type": "softmax-taylor", "degree": 1})
    compiled = compiler.compile(model, target, optimisation=optimisation, verify=False)
    _assert_told(compiled)
    several = sum(len(group.ops) > 1 for group in compiled.circuits[0].groups)
    assert several  # gates were merged across ops


@pytest.mark.parametrize("readout", [{"type": "predict"}, {"type": "overlaps"}, {"type": "overlaps", "part": "abs2"}])
def test_gates_of_other_readouts(readout: dict[str, Any]) -> None:
    _assert_told(compiler.compile(random_model(2) | {"readout": readout}, "h2"))


def test_what_ops_are_is_said_in_fields_and_in_words() -> None:
    compiled = compiler.compile(_model(ANSATZ, {"type": "softmax-taylor", "degree": 2}), "h2", optimisation=0)
    words = [op.words for op in compiled.ops]
    for said in (
        "preparation of query and key",
        "preparation of degree[0] and degree[1]",
        "load of score[1] by degree[1] and key",
        "unitary on score[1] by degree[1]",
        "inverse load of score[1] by degree[1] and query",
        "projection of score[1]",
        "load of value by key",
    ):
        assert said in words
    inverse_load = compiled.ops[words.index("inverse load of score[1] by degree[1] and query")]
    assert asdict(inverse_load) == {
        "id": words.index(inverse_load.words),
        "kind": "load-tokens",
        "register": ("score[1]",),
        "copy": 1,
        "table": "context",
        "by": ("degree[1]", "query"),
        "direction": "inverse",
        "field": "/tokens",
    }
    assert len(set(words)) == len(words) - 1  # query is observed twice
    document = json.loads(compiled.to_json())
    assert document["ops"] == json.loads(json.dumps([asdict(op) for op in compiled.ops]))


def test_an_op_that_the_model_does_not_have_has_no_group() -> None:
    kernel = {"type": "monomial", "degree": 2}
    rows = []
    for score in (ANSATZ, {"type": "identity"}):
        compiled = compiler.compile(_model(score, kernel), "h2", optimisation=0)
        rows.append({leaf.title: (leaf.one_qubit_gates, leaf.two_qubit_gates) for leaf in compiled.explain().leaves})
    with_score, without = rows
    gone = {words for words in with_score if "unitary on score" in words}
    assert {"unitary on score[0]", "unitary on score[1]"} <= gone
    assert all(with_score[f"unitary on score[{copy}]"][1] > 0 for copy in range(2))
    assert not any("score" in words and "unitary" in words for words in without)
    two = {words: gates[1] for words, gates in without.items() if gates[1]}
    assert two == {words: gates[1] for words, gates in with_score.items() if gates[1] and words not in gone}


def test_bindings_have_the_groups_of_the_compiled_model() -> None:
    """Where numbers that a template does not look at save gates, the single ops of what is left are all there."""
    alike = 0
    for seed in range(8):
        model = load(random_model(seed))
        made = template(model, "h2")
        bound = made.bind(verify=False)
        _assert_told(bound)
        compiled = compiler.compile(model, "h2", passes=made.options.passes, verify=False)
        assert bound.ops == compiled.ops
        groups, others = (one.circuits[0].groups for one in (bound, compiled))
        if len(bound.circuits[0]) == len(compiled.circuits[0]):
            assert groups == others
            alike += 1
        assert {group.ops for group in groups} >= {group.ops for group in others if len(group.ops) == 1}
    assert alike >= 4

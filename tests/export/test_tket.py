"""Native circuits to pytket and to dictionaries and back."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytket import Circuit

from qsac.errors import InvalidInputError
from qsac.export import tket
from qsac.export.circuit_dict import from_dict, to_dict
from qsac.native.circuit import GATES, KIND, NativeCircuit

ANGLES = st.floats(-4, 4) | st.sampled_from([1 / 3, -0.25, 1e-9, 5e-324, 3.9999999999999996])
UNITS = st.lists(st.tuples(st.sampled_from(["q", "key", "score_0"]), st.integers(0, 5)), unique=True)


@st.composite
def native_circuits(draw: st.DrawFn) -> NativeCircuit:
    qubits = draw(UNITS.filter(lambda units: len(units) >= 2))
    bits = [(f"{register}_m", index) for register, index in draw(UNITS.filter(bool))]
    gates: list[tuple[int, int, int, float, float]] = []
    for kind in draw(st.lists(st.integers(0, len(GATES) - 1), max_size=20)):
        gate = GATES[kind]
        first, second = draw(st.permutations(range(len(qubits))))[:2]
        if gate.name == "Measure":
            second = draw(st.integers(0, len(bits) - 1))
        elif gate.qubits == 1:
            second = -1
        angles = [draw(ANGLES) if place < gate.parameters else 0.0 for place in range(2)]
        gates.append((kind, first, second, angles[0], angles[1]))
    table = np.array(gates, dtype=float).reshape(-1, 5)
    return NativeCircuit(
        draw(st.sampled_from(["", "loss"])),
        tuple(qubits),
        tuple(bits),
        table[:, 0].astype(np.int8),
        table[:, 1].astype(np.int32),
        table[:, 2].astype(np.int32),
        table[:, 3:],
    )


def same(left: NativeCircuit, right: NativeCircuit) -> bool:
    columns = ("kind", "first", "second", "angles")
    return (left.name, left.qubits, left.bits) == (right.name, right.qubits, right.bits) and all(
        np.array_equal(getattr(left, column), getattr(right, column)) for column in columns
    )


@given(native_circuits())
def test_a_dictionary_comes_back_exactly_even_through_json(circuit: NativeCircuit) -> None:
    written = to_dict(circuit)
    assert same(from_dict(written), circuit)
    assert same(from_dict(json.loads(json.dumps(written))), circuit)
    assert list(written) == sorted(written)


@settings(deadline=None)
@given(native_circuits())
def test_pytket_reads_the_dictionary_as_the_circuit_that_is_built_gate_by_gate(circuit: NativeCircuit) -> None:
    read = Circuit.from_dict(json.loads(json.dumps(to_dict(circuit))))
    built = tket.to_tket(circuit)
    assert read == built
    assert {tket.unit(qubit) for qubit in built.qubits} == set(circuit.qubits)
    # the same keys and formats as pytket's, but for the digits of angles
    theirs = read.to_dict()
    ours = to_dict(circuit)
    assert {**ours, "commands": 0, "qubits": 0, "bits": 0, "implicit_permutation": 0, "name": 0} == {
        **theirs, "commands": 0, "qubits": 0, "bits": 0, "implicit_permutation": 0, "name": 0
    }  # fmt: skip
    assert sorted(ours["qubits"]) == sorted(theirs["qubits"])

    def key(command: dict[str, Any]) -> str:
        return json.dumps([command["args"], command["op"]["type"], sorted(command["op"])])

    assert sorted(map(key, ours["commands"])) == sorted(map(key, theirs["commands"]))


@settings(deadline=None)
@given(native_circuits())
def test_a_pytket_circuit_comes_back_up_to_order_and_periods(circuit: NativeCircuit) -> None:
    back = tket.from_tket(tket.to_tket(circuit), qubits=circuit.qubits, bits=circuit.bits)
    assert (back.qubits, back.bits, back.name) == (circuit.qubits, circuit.bits, circuit.name)
    assert tket.to_tket(back) == tket.to_tket(circuit)
    for index in range(len(circuit.qubits)):  # the order on every qubit is kept
        mine = [(k, a, b) for k, a, b in gates_on(circuit, index)]
        assert mine == gates_on(back, index)


def gates_on(circuit: NativeCircuit, qubit: int) -> list[tuple[int, int, int]]:
    two = np.isin(circuit.kind, [KIND[gate.name] for gate in GATES if gate.qubits == 2])
    on = (circuit.first == qubit) | (two & (circuit.second == qubit))
    columns = (circuit.kind[on], circuit.first[on], circuit.second[on])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_both_ways_of_building_give_the_same_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = from_dict(EXAMPLE)
    monkeypatch.delitem(sys.modules, "sympy", raising=False)
    read = tket.to_tket(circuit)
    monkeypatch.setattr(tket, "_LARGE", 0)
    assert tket.to_tket(circuit) == read


def test_small_circuits_do_not_wait_for_sympy() -> None:
    code = (
        "import sys, json\n"
        "from qsac.export.circuit_dict import from_dict\n"
        "assert 'pytket' not in sys.modules\n"
        "from qsac.export.tket import to_tket, from_tket\n"
        f"from_tket(to_tket(from_dict(json.loads({json.dumps(EXAMPLE)!r}))))\n"
        "assert 'sympy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_not_native_cannot_be_read_from_pytket() -> None:
    with pytest.raises(ValueError, match="H is not a native gate"):
        tket.from_tket(Circuit(1).H(0))
    swapped = Circuit(2).SWAP(0, 1)
    swapped.replace_SWAPs()
    with pytest.raises(ValueError, match="implicit swaps"):
        tket.from_tket(swapped)
    assert len(tket.from_tket(Circuit(2).X(0).add_barrier([0, 1]).X(1))) == 2


EXAMPLE: dict[str, Any] = {
    "bits": [["c", [0]]],
    "commands": [
        {"args": [["q", [0]]], "op": {"params": ["0.1", "0.3333333333333333"], "type": "PhasedX"}},
        {"args": [["q", [0]], ["q", [1]]], "op": {"params": ["-0.25"], "type": "ZZPhase"}},
        {"args": [["q", [1]], ["c", [0]]], "op": {"type": "Measure"}},
        {"args": [["q", [1]]], "op": {"type": "Reset"}},
    ],
    "created_qubits": [],
    "discarded_qubits": [],
    "implicit_permutation": [[["q", [0]], ["q", [0]]], [["q", [1]], ["q", [1]]]],
    "phase": "0.0",
    "qubits": [["q", [0]], ["q", [1]]],
}


@pytest.mark.parametrize(
    ("place", "value", "pointer"),
    [
        ((), [], ""),
        (("qubits",), None, "/qubits"),
        (("qubits", 1), ["q", [0]], "/qubits/1"),
        (("qubits", 1), ["q", [-1]], "/qubits/1"),
        (("qubits", 1), ["q", [True]], "/qubits/1"),
        (("qubits", 1), ["q", [1, 2]], "/qubits/1"),
        (("qubits", 1), ["Q[", [1]], "/qubits/1"),
        (("bits", 0), "c", "/bits/0"),
        (("created_qubits",), [["q", [0]]], "/created_qubits"),
        (("discarded_qubits",), 3, "/discarded_qubits"),
        (("implicit_permutation", 0, 1), ["q", [1]], "/implicit_permutation"),
        (("name",), 3, "/name"),
        (("commands",), {}, "/commands"),
        (("commands", 1), "ZZPhase", "/commands/1"),
        (("commands", 1, "op"), None, "/commands/1"),
        (("commands", 1, "op", "type"), "H", "/commands/1/op/type"),
        (("commands", 1, "op", "type"), ["H"], "/commands/1/op/type"),
        (("commands", 1, "op", "params"), [], "/commands/1/op/params"),
        (("commands", 1, "op", "params"), "0", "/commands/1/op/params"),
        (("commands", 1, "op", "params", 0), 0.25, "/commands/1/op/params/0"),
        (("commands", 1, "op", "params", 0), "nan", "/commands/1/op/params/0"),
        (("commands", 1, "op", "params", 0), "1e999", "/commands/1/op/params/0"),
        (("commands", 1, "op", "params", 0), "2*a", "/commands/1/op/params/0"),
        (("commands", 3, "op", "params"), ["1"], "/commands/3/op/params"),
        (("commands", 0, "op", "params", 1), "1_0", "/commands/0/op/params/1"),
        (("commands", 1, "args"), [["q", [0]]], "/commands/1/args"),
        (("commands", 1, "args", 1), ["q", [0]], "/commands/1/args"),
        (("commands", 1, "args", 1), ["q", [7]], "/commands/1/args/1"),
        (("commands", 1, "args", 1), ["c", [0]], "/commands/1/args/1"),
        (("commands", 1, "args", 1), ["q", [1.0]], "/commands/1/args/1"),
        (("commands", 1, "args", 1), ["q", {"0": 1}], "/commands/1/args/1"),
        (("commands", 2, "args", 1), ["q", [0]], "/commands/2/args/1"),
        (("commands", 3, "args"), [["q", [0]], ["q", [1]]], "/commands/3/args"),
        (("commands", 3, "args"), 4, "/commands/3/args"),
    ],
)
def test_untrusted_dictionaries_are_refused_at_their_place(place: tuple[Any, ...], value: Any, pointer: str) -> None:
    data: Any = copy.deepcopy(EXAMPLE)
    if place:
        *path, last = place
        inner = data
        for step in path:
            inner = inner[step]
        inner[last] = value
    else:
        data = value
    with pytest.raises(InvalidInputError) as caught:
        from_dict(data, "/circuits/0/circuit")
    assert caught.value.pointer == f"/circuits/0/circuit{pointer}"
    assert caught.value.wanted

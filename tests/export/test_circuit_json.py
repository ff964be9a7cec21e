import json

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.export.circuit_dict import from_dict, to_dict, to_json
from qsac.native.circuit import GATES, NativeCircuit


def circuit(gates, seed=0):
    generator = np.random.default_rng(seed)
    kind = generator.integers(len(GATES), size=gates)
    first = generator.integers(3, size=gates)
    second = np.array([(place + 1) % 3 if GATES[of].qubits == 2 else -1 for of, place in zip(kind, first, strict=True)])
    second[[GATES[of].name == "Measure" for of in kind]] = 1
    return NativeCircuit(
        "loss",
        (("q", 0), ("q", 1), ("node", 17)),
        (("key", 0), ("score_0", 1)),
        kind.astype(np.int8),
        first.astype(np.int32),
        second.astype(np.int32),
        generator.normal(size=(gates, 2)) * 10.0 ** generator.integers(-20, 3, size=(gates, 2)),
    )


@pytest.mark.parametrize(("gates", "chunk"), [(0, 5), (1, 1), (7, 3), (6, 3), (200, 50), (200, 20_000)])
def test_the_text_in_parts_is_that_of_the_dictionary(gates, chunk):
    written = circuit(gates)
    assert "".join(to_json(written, chunk)) == json.dumps(to_dict(written), separators=(",", ":"))


def _document(**changes):
    """A circuit of two qubits and a bit as JSON, with other fields."""
    command = {"args": [["q", [0]], ["q", [1]]], "op": {"params": ["0.25"], "type": "ZZPhase"}}
    return {"qubits": [["q", [0]], ["q", [1]]], "bits": [["c", [0]]], "commands": [command], **changes}


@pytest.mark.parametrize("kind", ["qubits", "bits"])
def test_registers_are_bounded_together(kind):
    """An index is a claim on memory: packages make registers without gaps."""
    used = [["q", [0]], ["q", [1]]] if kind == "qubits" else []
    gap = [["a", [30_000]], ["b", [35_000]]]
    assert len(getattr(from_dict(_document(**{kind: [*used, *gap]})), kind)) == len(used) + 2
    for units in ([["a", [2**31 - 1]]], [["a", [2**16]]], [*gap, ["d", [1000]]], [[f"r{n}", [99]] for n in range(700)]):
        with pytest.raises(InvalidInputError, match=f"registers of {kind} are too large") as caught:
            from_dict(_document(**{kind: [*used, *units]}), "/c")
        assert caught.value.pointer.startswith(f"/c/{kind}/")
        assert units[int(caught.value.pointer.rpartition("/")[2]) - len(used)][0] in caught.value.found


@pytest.mark.parametrize("angle", ["1e300", "-1e13", "1e400", "٣", "nan", "0x10", "9" * 5000])
def test_angles_are_bounded(angle):
    document = _document()
    document["commands"][0]["op"]["params"] = [angle]
    with pytest.raises(InvalidInputError, match="no angle") as caught:
        from_dict(document)
    assert caught.value.pointer == "/commands/0/op/params/0"
    document["commands"][0]["op"]["params"] = ["1e12"]
    assert from_dict(document).angles[0, 0] == 1e12


def test_what_was_found_is_shown_in_part():
    for found in (["x" * 10**6], [[]] * 10**6, "y" * 10**6, {"a": [1] * 10**6}):
        with pytest.raises(InvalidInputError) as caught:
            from_dict(_document(created_qubits=found))
        assert len(caught.value.found) <= 80

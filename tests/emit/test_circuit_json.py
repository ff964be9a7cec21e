import json

import numpy as np
import pytest

from qsac.emit.circuit_dict import to_dict, to_json
from qsac.ir.native import GATES, NativeCircuit


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

"""``qsac.from_torchquantum``: lists of gates as TorchQuantum's encoders take them, against matrices."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import qsac
from qsac.errors import InvalidInputError
from qsac.families.steps.evaluation import traced
from qsac.importing.torchquantum_lists import _KNOWN
from tests.families.steps.models import loaded
from tests.importing.test_circuits import EVERY, expected, outputs

Matrix = NDArray[np.complex128]

I2, X, Y, Z = (
    np.array(rows, dtype=complex)
    for rows in ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])
)
H = (X + Z) / np.sqrt(2)


def turn(pauli: Matrix, angle: float) -> Matrix:
    found: Matrix = np.cos(angle / 2) * np.eye(len(pauli)) - 1j * np.sin(angle / 2) * pauli
    return found


def phase(angle: float) -> Matrix:
    return np.diag([1, np.exp(1j * angle)])


def controlled(matrix: Matrix) -> Matrix:
    found = np.eye(4, dtype=complex)
    found[2:, 2:] = matrix
    return found


def u3(theta: float, phi: float, lam: float) -> Matrix:
    c, s = np.cos(theta / 2), np.sin(theta / 2)
    return np.array([[c, -s * np.exp(1j * lam)], [s * np.exp(1j * phi), c * np.exp(1j * (phi + lam))]])


def rot(phi: float, theta: float, omega: float) -> Matrix:
    return turn(Z, omega) @ turn(Y, theta) @ turn(Z, phi)


SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
SWAP = np.eye(4)[[0, 2, 1, 3]]

MATRICES: dict[str, Matrix | Callable[..., Matrix]] = {
    **dict.fromkeys(("h", "hadamard"), H),
    **dict.fromkeys(("x", "paulix"), X),
    **dict.fromkeys(("y", "pauliy"), Y),
    **dict.fromkeys(("z", "pauliz"), Z),
    "i": I2,
    **dict.fromkeys(("sh", "shadamard"), turn(Y, pi / 4)),
    "s": phase(pi / 2),
    "sdg": phase(-pi / 2),
    "t": phase(pi / 4),
    "tdg": phase(-pi / 4),
    "sx": SX,
    "sxdg": SX.conj().T,
    **dict.fromkeys(("cx", "cnot"), controlled(X)),
    "cy": controlled(Y),
    "cz": controlled(Z),
    **dict.fromkeys(("ch", "chadamard"), controlled(H)),
    "cs": controlled(phase(pi / 2)),
    "csdg": controlled(phase(-pi / 2)),
    "csx": controlled(SX),
    "swap": SWAP,
    "sswap": (1 + 1j) / 2 * np.eye(4) + (1 - 1j) / 2 * SWAP,
    "iswap": np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    "dcx": np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]], dtype=complex),
    **dict.fromkeys(
        ("ecr", "echoedcrossresonance"),
        np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]]) / np.sqrt(2),
    ),
    "singleexcitation": lambda t: np.array(
        [
            [1, 0, 0, 0],
            [0, np.cos(t / 2), -np.sin(t / 2), 0],
            [0, np.sin(t / 2), np.cos(t / 2), 0],
            [0, 0, 0, 1],
        ]
    ),
    "rx": lambda t: turn(X, t),
    "ry": lambda t: turn(Y, t),
    "rz": lambda t: turn(Z, t),
    **dict.fromkeys(("p", "u1", "phaseshift"), phase),
    "u2": lambda a, b: u3(pi / 2, a, b),
    **dict.fromkeys(("u3", "u"), u3),
    "r": lambda t, a: turn(np.cos(a) * X + np.sin(a) * Y, t),
    "rot": rot,
    "crx": lambda t: controlled(turn(X, t)),
    "cry": lambda t: controlled(turn(Y, t)),
    "crz": lambda t: controlled(turn(Z, t)),
    **dict.fromkeys(("cp", "cu1", "cphase", "cr"), lambda t: controlled(phase(t))),
    "crot": lambda *given: controlled(rot(*given)),
    "cu3": lambda *given: controlled(u3(*given)),
    "cu": lambda a, b, c, d: controlled(np.exp(1j * d) * u3(a, b, c)),
    **dict.fromkeys(("rxx", "xx"), lambda t: turn(np.kron(X, X), t)),
    **dict.fromkeys(("ryy", "yy"), lambda t: turn(np.kron(Y, Y), t)),
    **dict.fromkeys(("rzz", "zz"), lambda t: turn(np.kron(Z, Z), t)),
    **dict.fromkeys(("rzx", "zx"), lambda t: turn(np.kron(Z, X), t)),
}
"""By TorchQuantum's names: wire 0 of two is the most significant."""

ANGLES = [0.4, 0.9, -1.3, 0.7]
FIRST = [{"func": "ry", "wires": [q], "params": [0.3 + q]} for q in range(3)]
FIRST += [{"func": "rz", "wires": q, "params": [1.1 - q]} for q in range(3)]
FIRST += [{"func": "cnot", "wires": [0, 1], "input_idx": None}, {"func": "cx", "wires": [1, 2], "input_idx": []}]


def acted(matrix: Matrix, wires: list[int], state: Any) -> Any:
    """The state (8,) after a matrix on some of three wires."""
    count = len(wires)
    tensor = np.moveaxis(state.reshape(2, 2, 2), wires, range(count))
    shape = tensor.shape
    return np.moveaxis((matrix @ tensor.reshape(1 << count, -1)).reshape(shape), range(count), wires).reshape(-1)


def scrambled() -> Any:
    state = np.eye(8, dtype=complex)[0]
    for entry in FIRST[:6]:
        wire = entry["wires"] if isinstance(entry["wires"], int) else entry["wires"][0]
        state = acted(turn(Y if entry["func"] == "ry" else Z, entry["params"][0]), [wire], state)
    return acted(controlled(X), [1, 2], acted(controlled(X), [0, 1], state))


def test_every_gate_has_a_matrix_here() -> None:
    assert set(MATRICES) == set(_KNOWN)


@pytest.mark.parametrize("name", MATRICES)
def test_gates(name: str) -> None:
    """By numbers, or by inputs; one of three angles by parameters as well."""
    known, matrix = _KNOWN[name], MATRICES[name]
    wires = [2, 0][: known.wires]
    numbers = ANGLES[: known.angles]
    wanted = expected(acted(matrix(*numbers) if callable(matrix) else matrix, wires, scrambled()))
    entry: dict[str, Any] = {"func": name, "wires": wires}
    if not numbers or name in ("ry", "u3"):
        fixed = qsac.from_torchquantum([*FIRST, {**entry, "params": numbers}], measure=EVERY)
        assert outputs(fixed.step)[0] == pytest.approx(wanted, abs=1e-12)
    if not numbers:
        return
    places = list(reversed(range(len(numbers))))
    row = [numbers[place] for place in places]
    given = [*FIRST, {**entry, "input_idx": places}]
    by_inputs = qsac.from_torchquantum(given, measure=EVERY)
    assert by_inputs.inputs == tuple(f"x{place}" for place in range(len(numbers)))
    assert outputs(by_inputs.step, [row])[0] == pytest.approx(wanted, abs=1e-12)
    if name != "u3":
        return
    trained = qsac.from_torchquantum(given, trainable=True, values=row, measure=EVERY)
    assert (trained.inputs, trained.parameters) == ((), by_inputs.inputs)
    assert outputs(trained.step)[0] == pytest.approx(wanted, abs=1e-12)


def ansatz_14(wires: int, layers: int) -> list[dict[str, Any]]:
    """As Quixer's code writes its tokens' circuits."""
    found: list[dict[str, Any]] = []

    def add(func: str, on: list[int]) -> None:
        found.append({"input_idx": [len(found)], "func": func, "wires": on})

    for _ in range(layers):
        for wire in range(wires):
            add("ry", [wire])
        for wire in reversed(range(wires)):
            add("crx", [wire, (wire + 1) % wires])
        for wire in range(wires):
            add("ry", [wire])
        for wire in [wires - 1, *range(wires - 1)]:
            add("crx", [wire, (wire - 1) % wires])
    return found


def test_a_list_of_quixer_is_its_ansatz() -> None:
    """As a token of a mixture, and as a circuit with parameters."""
    imported = qsac.from_torchquantum(ansatz_14(3, 2))
    rng = np.random.default_rng(4)
    tokens = rng.normal(size=(1, 3, 24))

    def output(blocks: list[Any]) -> Any:
        token = {"qubits": 3, "blocks": blocks}
        mixing, polynomial = [[0.6, 0.4], [0.5, -0.2], [-0.3, 0.1]], [0.4, 1.0, -0.5]
        attention = {"type": "unitary-mixture", "mixing": mixing, "polynomial": polynomial, "token": token}
        trained = qsac.from_torchquantum(ansatz_14(3, 1), trainable=True, values=np.linspace(-1, 1, 12)).step
        then = {name: trained[name] for name in ("qubits", "blocks", "measure")}
        model = loaded({"qsac": 1, "steps": [{"type": "attention", "attention": attention, "then": then}]})
        return traced(model, tokens).output

    own = output([{"type": "input-ansatz-14", "layers": 2}])
    assert output(imported.step["blocks"]) == pytest.approx(own, abs=1e-12)
    assert np.abs(own).max() > 0.1


RY: dict[str, Any] = {"input_idx": [0], "func": "ry", "wires": [0]}


@pytest.mark.parametrize(
    ("given", "options", "code", "pointer"),
    [
        ([RY, {**RY, "func": "toffoli"}], {}, "import.unknown-gate", "/1/func"),
        ([{**RY, "func": "cu2"}], {}, "import.unknown-gate", "/0/func"),
        ([{**RY, "func": 3}], {}, "import.unknown-gate", "/0/func"),
        ([{**RY, "wires": [0, 1]}], {}, "import.invalid-gate", "/0/wires"),
        ([{**RY, "func": "cx", "input_idx": None, "wires": [1, 1]}], {}, "import.invalid-gate", "/0/wires"),
        ([{**RY, "wires": [-1]}], {}, "import.invalid-gate", "/0/wires"),
        ([{**RY, "wires": [True]}], {}, "import.invalid-gate", "/0/wires"),
        ([{**RY, "input_idx": [0, 1]}], {}, "import.invalid-gate", "/0/input_idx"),
        ([{**RY, "input_idx": 0}], {}, "import.invalid-gate", "/0/input_idx"),
        ([{**RY, "input_idx": [0.5]}], {}, "import.invalid-gate", "/0/input_idx"),
        ([{**RY, "input_idx": None}], {}, "import.invalid-gate", "/0"),
        ([{**RY, "params": [0.5]}], {}, "import.invalid-gate", "/0"),
        ([{**RY, "input_idx": None, "params": [float("nan")]}], {}, "import.invalid-gate", "/0/params"),
        ([{**RY, "func": "h"}], {}, "import.invalid-gate", "/0"),
        ([{**RY, "inverse": True}], {}, "import.invalid-gate", "/0"),
        ([{"func": "ry"}], {}, "import.invalid-gate", "/0"),
        ([["ry", [0]]], {}, "import.invalid-gate", "/0"),
        ([RY, {**RY, "input_idx": [2]}], {}, "import.unknown-symbol", ""),
        ([{**RY, "input_idx": [(1 << 31) - 1]}], {}, "import.unknown-symbol", ""),
        ([RY], {"trainable": True, "values": [0.1, 0.2]}, "import.unknown-symbol", ""),
        ([RY], {"trainable": True, "values": ["x"]}, "import.unknown-symbol", ""),
        ([{**RY, "wires": [3]}], {"wires": 2}, "import.invalid-gate", ""),
        ([RY], {"wires": 0}, "option.out-of-range", ""),
        ([], {}, "import.no-gates", ""),
        ([{"func": "i", "wires": [0]}], {}, "import.no-gates", ""),
        (RY, {}, "option.wrong-type", ""),
        ("ry", {}, "option.wrong-type", ""),
    ],
)
def test_what_is_no_list_of_gates(given: Any, options: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        qsac.from_torchquantum(given, **options)
    assert (error.value.code, error.value.pointer or "") == (code, pointer)
    if code == "import.unknown-gate":
        name = given[-1]["func"]
        assert (f'"{name}"' if isinstance(name, str) else str(name)) in str(error.value)


def test_more_wires_than_are_named() -> None:
    assert qsac.from_torchquantum([RY], wires=3).step["qubits"] == 3

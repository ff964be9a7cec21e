"""A readout of fewer entries than the states have: what nobody reads is left out of the unitary."""

from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.families.transformer.construction import matrices
from qsac.families.transformer.construction.composing import Composition
from qsac.families.transformer.construction.narrowing import LEAST, _demultiplexed, _halved, narrow
from qsac.ir.attention import ApplyUnitary, LoadTokens

Numbers = np.ndarray[Any, Any]


def _rows(count: int, columns: int, kind: str, seed: int = 0) -> Numbers:
    rng = np.random.default_rng([seed, count, columns])
    drawn = rng.normal(size=(columns, columns))
    if kind == "complex":
        drawn = drawn + 1j * rng.normal(size=(columns, columns))
    found: Numbers = np.eye(columns) if kind == "identity" else np.linalg.qr(drawn)[0]
    if kind == "lower":  # all of them in the second half
        found = np.roll(np.eye(columns), columns // 2, axis=1)
    if kind == "mixed":  # some of them in one half alone
        found = np.roll(np.eye(columns), columns // 2 - 1, axis=1)
    return found[:count]


KINDS = ("real", "complex", "identity", "lower", "mixed")
SIZES = [(2, 4), (2, 8), (4, 8), (4, 16), (8, 16), (2, 32), (1, 4)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("count", "columns"), SIZES)
def test_halves_are_put_together_again(count: int, columns: int, kind: str) -> None:
    rows = _rows(count, columns, kind)
    left, turns, (first, second) = _halved(rows)
    made = left @ np.concatenate([turns[:, :1] * first, turns[:, 1:] * second], axis=1)
    np.testing.assert_allclose(made, rows, atol=1e-13)
    for part in (left, first, second):
        np.testing.assert_allclose(part @ part.conj().T, np.eye(count), atol=1e-13)
    assert np.iscomplexobj(left) == (kind == "complex")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_pairs_are_put_together_again(size: int, kind: str) -> None:
    one, other = _rows(size, size, kind), _rows(size, size, "real", seed=1)
    for second in (one, other, -one):
        left, phases, right = _demultiplexed(one, second)
        np.testing.assert_allclose(left @ np.diag(phases) @ right, one, atol=1e-13)
        np.testing.assert_allclose(left @ np.diag(phases.conj()) @ right, second, atol=1e-13)


def _applied(composition: Composition, state: Numbers, order: tuple[str, ...]) -> Numbers:
    """The state of the registers in ``order`` after the ops: what goes is left out."""
    sizes = [composition.sizes[name] for name in order]
    state, left = state.reshape([1 << size for size in sizes]), list(order)
    for op in composition.ops:
        if isinstance(op, ApplyUnitary):
            places = [left.index(name) for name in op.targets]
            moved = np.moveaxis(state, places, range(len(places)))
            flat, table = moved.reshape(1 << op.size(_scope(composition)), -1), composition.tables[op.table].values
            flat = table @ flat if op.form == "matrix" else table[:, None] * flat
            state = np.moveaxis(flat.reshape(moved.shape), range(len(places)), places)
        elif isinstance(op, LoadTokens):
            places = [left.index(name) for name in (*op.index, op.data)]
            moved = np.moveaxis(state, places, range(len(places)))
            rows = composition.tables[op.table].values
            flat = np.einsum("rd,rdx->rx", rows.conj(), moved.reshape(len(rows), 2, -1))
            left.remove(str(op.data))
            state = flat.reshape([*moved.shape[: len(op.index)], *moved.shape[len(places) :]])
            # The axes of the index came first: they go back to where they were.
            names = [*op.index, *(name for name in left if name not in op.index)]
            state = np.moveaxis(state, range(len(names)), [left.index(name) for name in names])
    return state.reshape(-1)


def _scope(composition: Composition) -> Any:
    class Scope:
        sizes = composition.sizes

    return Scope


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("count", "columns"), SIZES[:-1])
def test_the_steps_are_the_rows(count: int, columns: int, kind: str) -> None:
    rows = _rows(count, columns, kind)
    composition = Composition()
    going = [composition.register("rest", 1) for _ in range((columns // count).bit_length() - 1)]
    out = composition.register("word", count.bit_length() - 1)
    narrow(composition, going, out, rows, "")
    state = np.random.default_rng(3).normal(size=columns) + 1j * np.random.default_rng(4).normal(size=columns)
    order = tuple(name for names in (*going, out) for name in names)
    np.testing.assert_allclose(_applied(composition, state, order), rows @ state, atol=1e-12)


def test_what_is_read_as_it_is_takes_no_turned_unitary() -> None:
    composition = Composition()
    going = [composition.register("rest", 1) for _ in range(2)]
    narrow(composition, going, composition.register("word", 2), np.eye(4, 16), "")
    assert not any(isinstance(op, ApplyUnitary) for op in composition.ops)


# Models


def _model(words: int, width: int, *, kind: str, seed: int = 0) -> dict[str, Any]:
    """Words of four entries, a feed-forward into ``width``, a readout of so many words."""
    rng = np.random.default_rng([seed, words, width])

    def matrix(*shape: int) -> Any:
        drawn = rng.normal(size=(*shape, 2)) / 2
        return (drawn if kind == "complex" else drawn[..., 0]).tolist()

    vocabulary = np.eye(words, 4).tolist() if kind == "basis" else matrix(words, 4)
    forward = {"type": "polynomial", "input": matrix(width, 4), "output": matrix(4, width), "coefficients": [0, 1, 0.5]}
    if kind == "basis":
        forward["output"] = np.eye(4, width).tolist()
    return {
        "qsac": 1,
        "name": "narrow",
        "tokens": {"type": "words", "embedding": matrix(words, 4), "sequence": [0, 1, words - 1]},
        "transformer": {"layers": [{"residual": [0.5, 0.5], "feed_forward": forward}]},
        "readout": {"type": "next-token", "vocabulary": vocabulary, "positions": [3]},
    }


def _compiled(model: Any, least: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Compiled:
    monkeypatch.setattr(matrices, "LEAST", least)
    return qsac.compile(model, "h1", verify=True, **options)


@pytest.mark.parametrize(
    ("words", "width", "kind", "saved"),
    [
        (2, 8, "real", 1),
        (4, 8, "real", 1),
        (3, 8, "complex", 1),
        (4, 16, "real", 40),
        (2, 16, "complex", 40),
        (4, 16, "basis", 0),
        (2, 4, "real", 0),
    ],
)
def test_models_take_no_more_gates_and_mean_the_same(
    words: int, width: int, kind: str, saved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _model(words, width, kind=kind)
    whole, steps = (_compiled(model, least, monkeypatch) for least in (99, LEAST))
    assert steps.verified is not None
    assert steps.verified.how == "closed form"
    assert whole.stats["two_qubit_gates"] - steps.stats["two_qubit_gates"] >= saved
    assert max(len(one.qubits) for one in steps.circuits) <= max(len(one.qubits) for one in whole.circuits)
    one, other = (found.stats["forecast"]["success_probability"] for found in (whole, steps))
    assert other == pytest.approx(one, rel=1e-9)


@pytest.mark.parametrize("optimisation", [0, 1, 3])
def test_every_level_agrees_with_the_closed_form(optimisation: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _compiled(_model(4, 8, kind="complex"), LEAST, monkeypatch, optimisation=optimisation)
    assert found.verified is not None

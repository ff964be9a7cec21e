"""From arrays to a model: what is written is what was measured, and mistakes have names."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError, QsacError
from qsac.importing.imported import INLINE_ENTRIES
from qsac.importing.original import forward, probabilities
from tests.importing.test_original import model_of
from tests.importing.test_weights import Tensor
from tests.importing.trained import Arrays, gpt2, torch

WORDS = [3, 0, 2, 1, 1]
ROWS = np.random.default_rng(5).normal(size=(5, 4))


def _import(arrays: Any = None, **options: Any) -> qsac.Imported:
    chosen: dict[str, Any] = {"heads": 2, "sequence": WORDS} | options
    return qsac.from_arrays(gpt2() if arrays is None else arrays, **chosen)


def _predicted(model: Any) -> np.ndarray[Any, Any]:
    found = model.readout.closed_form(model).values["predictions"]
    return np.array([one["probabilities"] for one in found])


def test_the_distance_is_that_of_the_written_model(tmp_path: Path) -> None:
    found = _import(positions=[1, 2, 3, 4, 5])
    found.save(tmp_path / "model.json")
    original = model_of(gpt2(), "gpt2")
    wanted = probabilities(original, forward(original, original.inputs(np.array(WORDS))))
    got = _predicted(qsac.load(tmp_path / "model.json"))
    off = np.abs(wanted - got).sum(axis=1) / 2
    assert found.distance.total_variation == pytest.approx(off.mean())
    assert found.distance.largest == pytest.approx(off.max())
    assert found.distance.same_word == (wanted.argmax(axis=1) == got.argmax(axis=1)).mean()
    following = np.arange(4), WORDS[1:]
    assert found.distance.cross_entropy == pytest.approx(-np.log(got[following]).mean())
    assert found.distance.original_cross_entropy == pytest.approx(-np.log(wanted[following]).mean())
    assert 0.01 < off.mean() < 0.3
    assert found.distance.positions == 5


def test_better_stand_ins_bring_the_model_nearer() -> None:
    rough, fine = _import(kernel=1, feed_forward=1), _import(kernel=4, feed_forward=4)
    pieces = [{piece.part: piece for piece in found.pieces} for found in (rough, fine)]
    for part in ("layers.0.softmax", "layers.0.activation"):
        assert pieces[1][part].number < pieces[0][part].number
        assert pieces[1][part].effect < pieces[0][part].effect


def test_every_piece_has_a_fate_and_a_number() -> None:
    found = _import(gpt2(layers=2))
    fates = {piece.part: piece.fate for piece in found.pieces}
    assert len(fates) == len(found.pieces) > 40
    assert fates["layers.1.query"] == "folded"
    assert fates["layers.1.key_bias"] == fates["layers.1.norm1.division"] == "given up"
    assert fates["layers.1.softmax"] == fates["layers.0.activation"] == fates["head.softmax"] == "approximated"
    assert all(np.isfinite(piece.number) for piece in found.pieces)
    assert all(piece.effect == 0 for piece in found.pieces if piece.fate in ("taken", "folded"))
    changed = [piece for piece in found.pieces if piece.fate == "approximated"]
    assert all((piece.effect or 0) > 0 for piece in changed)
    assert json.loads(json.dumps(found.to_dict()))["distance"]["positions"] == 5


def test_query_biases_that_cannot_be_represented_are_named() -> None:
    arrays = torch()
    given_up, folded = (
        {piece.part: piece for piece in _import(arrays, names="torch", sequence=ROWS, widen=widen).pieces}
        for widen in (False, True)
    )
    assert given_up["layers.0.query_bias"].fate == "given up"
    bias = arrays["self_attn.in_proj_bias"][:4]
    assert given_up["layers.0.query_bias"].number == pytest.approx(np.linalg.norm(bias))
    assert (given_up["layers.0.query_bias"].effect or 0) > 1e-6
    assert folded["layers.0.query_bias"].fate == "folded"


@pytest.mark.parametrize("widen", [False, True])
def test_rows_come_near_the_rows_of_the_original(widen: bool) -> None:
    found = _import(torch(), names="torch", sequence=ROWS, widen=widen)
    assert found.model.tokens == 5
    assert found.model.dimension == 4 + widen
    assert 0.9 < found.distance.token_fidelity < 1
    assert found.distance.total_variation is None
    assert found.model.readout.closed_form(found.model).metrics["token_fidelity"] == pytest.approx(
        found.distance.token_fidelity
    )


def test_state_dicts_of_tensors() -> None:
    arrays = gpt2()
    tensors = {name: Tensor(values) for name, values in arrays.items()}
    singles = {name: values.astype(np.float32) for name, values in arrays.items()}
    assert _import(tensors).model == _import(singles).model


def test_arrays_that_are_not_read_are_named() -> None:
    masks: Arrays = {"h.0.attn.bias": np.ones((1, 1, 8, 8)), "h.0.attn.masked_bias": np.array(-1e4)}
    found = _import(gpt2() | masks)
    assert found.unused == ("h.0.attn.bias", "h.0.attn.masked_bias")
    assert found.model == _import().model


def test_inputs_are_what_stand_ins_are_fitted_to() -> None:
    inputs = [[0, 1, 2, 3], [3, 3, 2, 1, 0, 1]]
    found = _import(inputs=inputs)
    assert found.distance.positions == 10
    assert found.model.tokens == 5
    assert found.model != _import().model
    assert _import(sequence=None, inputs=inputs).model.tokens == 4
    assert _import(sequence=None, inputs=np.array([[0, 1, 2], [3, 2, 1]])).distance.positions == 6
    stacked = qsac.from_arrays(torch(), names="torch", heads=2, inputs=np.stack([ROWS, 2 * ROWS]))
    assert stacked.distance.positions == 10


def test_large_matrices_go_into_a_file_beside_the_model(tmp_path: Path) -> None:
    arrays = gpt2(width=32, hidden=64, words=40, scale=0.1)
    found = _import(arrays)
    found.save(tmp_path / "big.json")
    assert {file.name for file in tmp_path.iterdir()} == {"big.json", "big.npz"}
    text = (tmp_path / "big.json").read_text()
    assert len(text) < 20_000
    document = json.loads(text)
    assert document["tokens"]["embedding"] == {"path": "big.npz", "array": "tokens.embedding"}
    assert qsac.load(tmp_path / "big.json") == found.model
    before = (tmp_path / "big.npz").read_bytes()
    _import(arrays).save(tmp_path / "big.json")
    assert (tmp_path / "big.npz").read_bytes() == before
    _import().save(tmp_path / "small.json")
    assert not (tmp_path / "small.npz").exists()
    assert qsac.load(json.loads(found.to_json())) == found.model
    assert INLINE_ENTRIES < 10_000
    with pytest.raises(InvalidInputError, match="name of the file of its matrices"):
        found.save(tmp_path / "big.npz")
    with pytest.raises(InvalidInputError, match="output"):
        found.save(tmp_path / "missing" / "big.json")


def test_labels_and_positions_are_those_of_the_model_file() -> None:
    found = _import(labels=["a", "b", "c", "d"], positions="targets", name="letters")
    assert found.name == "letters"
    assert found.model.labels == ("a", "b", "c", "d")
    assert found.model.readout.positions == (1, 2, 3, 4)
    metrics = found.model.readout.closed_form(found.model).metrics
    assert metrics["cross_entropy"] == pytest.approx(found.distance.cross_entropy)


OWN = {
    "embedding": np.random.default_rng(0).normal(size=(4, 4)),
    "position": np.random.default_rng(1).normal(size=(6, 4)),
    "vocabulary": np.random.default_rng(2).normal(size=(4, 4)),
    "layers.0.heads.0.query": np.random.default_rng(3).normal(size=(2, 4)),
    "layers.0.heads.0.key": np.random.default_rng(4).normal(size=(2, 4)),
    "layers.0.heads.1.score": np.random.default_rng(5).normal(size=(4, 4)),
    "layers.0.residual": np.array([0.5, 0.25]),
    "layers.0.feed_forward.input": np.random.default_rng(6).normal(size=(3, 4)),
    "layers.0.feed_forward.bias": np.array([0.1, 0.2, 0.3]),
    "layers.0.feed_forward.output": np.random.default_rng(7).normal(size=(4, 3)),
}


def _own_model(feed_forward: dict[str, Any], kernel: dict[str, Any]) -> dict[str, Any]:
    heads = [{part: OWN[f"layers.0.heads.0.{part}"] for part in ("query", "key")}]
    heads.append({"score": OWN["layers.0.heads.1.score"]})
    layer = {"attention": {"kernel": kernel, "heads": heads}, "residual": [0.5, 0.25], "feed_forward": feed_forward}
    return {
        "qsac": 1,
        "name": "imported",
        "tokens": {"type": "words", "embedding": OWN["embedding"], "sequence": WORDS},
        "transformer": {"position": {"type": "add", "values": OWN["position"]}, "layers": [layer]},
        "readout": {"type": "next-token", "vocabulary": OWN["vocabulary"]},
    }


def test_arrays_of_a_model_of_amplitudes_are_taken_as_they_are() -> None:
    found = qsac.from_arrays(OWN, names="qsac", sequence=WORDS, feed_forward={"coefficients": [0, 0.5, 0.35]})
    fields = {"input": OWN["layers.0.feed_forward.input"], "bias": OWN["layers.0.feed_forward.bias"]}
    feed_forward = fields | {
        "type": "polynomial",
        "output": OWN["layers.0.feed_forward.output"],
        "coefficients": [0, 0.5, 0.35],
    }
    wanted = qsac.load(_own_model(feed_forward, {"type": "linear"}))
    assert np.abs(_predicted(found.model) - _predicted(wanted)).max() < 1e-15
    assert {piece.fate for piece in found.pieces} == {"taken"}
    assert {piece.part for piece in found.pieces} == set(OWN)
    assert found.unused == ()
    assert found.distance.positions == 0


def test_factors_and_coefficients_may_be_arrays_too() -> None:
    given = {name: values for name, values in OWN.items() if "feed_forward" not in name}
    factor = "layers.0.feed_forward.factors.{}.{}"
    given |= {factor.format(0, "matrix"): OWN["layers.0.feed_forward.input"]}
    given |= {
        factor.format(1, "matrix"): OWN["layers.0.feed_forward.input"][::-1],
        factor.format(1, "bias"): np.ones(3),
    }
    given |= {"layers.0.feed_forward.output": OWN["layers.0.feed_forward.output"]}
    given |= {"layers.0.feed_forward_residual": np.array([1.0, 0.5])}
    found = qsac.from_arrays(given, names="qsac", sequence=WORDS, kernel={"degree": 2, "temperature": 1.5})
    layer = found.fields["transformer"]["layers"][0]
    assert [set(one) for one in layer["feed_forward"]["factors"]] == [{"matrix"}, {"matrix", "bias"}]
    assert layer["attention"]["kernel"] == {
        "type": "softmax-taylor",
        "degree": 2,
        "temperature": 1.5,
    }
    assert len(found.model.layers[0].heads) == 2
    coefficients = OWN | {"layers.0.feed_forward.coefficients": np.array([0, 1.0, 0, 1])}
    found = qsac.from_arrays(coefficients, names="qsac", sequence=WORDS)
    assert found.model.layers[0].feed_forward.coefficients == (0, 1, 0, 1)


@pytest.mark.parametrize(
    ("arrays", "options", "code"),
    [
        (gpt2(), {"heads": None}, "import.no-heads"),
        (gpt2(), {"heads": 3}, "import.wrong-shape"),
        (gpt2(), {"heads": 0}, "option.out-of-range"),
        (gpt2(), {"sequence": None}, "import.no-sequence"),
        (gpt2(), {"sequence": [0, 4]}, "words.unknown-word"),
        (gpt2(), {"sequence": [-1]}, "words.unknown-word"),
        (gpt2(), {"sequence": [0.5]}, "import.invalid-sequence"),
        (gpt2(), {"sequence": []}, "import.invalid-sequence"),
        (gpt2(), {"sequence": [[0, 1]]}, "import.invalid-sequence"),
        (gpt2(), {"inputs": []}, "import.invalid-sequence"),
        (gpt2(), {"sequence": [0] * 9}, "import.sequence-too-long"),
        (gpt2(), {"positions": 5}, "option.wrong-type"),
        (gpt2(), {"positions": [1.5]}, "option.wrong-type"),
        (gpt2(), {"labels": 5}, "option.wrong-type"),
        (gpt2(), {"kernel": {"type": "polynomial", "range": 1e300}}, "number.not-finite"),
        (gpt2() | {"h.0.mlp.c_proj.bias": 1e300 * np.arange(4)}, {}, "number.not-finite"),
        (gpt2(), {"section": "steps"}, "option.unknown-choice"),
        (gpt2(), {"section": "attention", "head": 2}, "option.out-of-range"),
        (gpt2(), {"section": "attention", "layer": 1}, "option.out-of-range"),
        (gpt2() | {"h.0.attn.c_attn.weight": np.ones((4, 9))}, {}, "import.wrong-shape"),
        (gpt2() | {"h.0.attn.c_proj.weight": np.ones((4, 5))}, {}, "import.wrong-shape"),
        (gpt2() | {"h.0.mlp.c_fc.weight": np.ones((8, 4))}, {}, "import.wrong-shape"),
        (gpt2() | {"h.0.mlp.c_proj.bias": np.ones(5)}, {}, "import.wrong-shape"),
        (gpt2() | {"wpe.weight": np.ones((8, 5))}, {}, "import.wrong-shape"),
        (gpt2() | {"lm_head.weight": np.ones((3, 4))}, {}, "import.wrong-shape"),
        (gpt2() | {"ln_f.weight": np.ones((1, 4))}, {}, "import.wrong-shape"),
        (gpt2() | {"wte.weight": 1j * np.ones((4, 4))}, {}, "import.wrong-shape"),
        (gpt2() | {"h.0.mlp.c_fc.weight": np.full((4, 8), 1e308)}, {}, "model.out-of-scale"),
        (torch(), {"names": "torch"}, "import.invalid-sequence"),
        (torch(), {"names": "torch", "sequence": ROWS[:, :3]}, "import.invalid-sequence"),
        (OWN, {"names": "qsac"}, "import.no-coefficients"),
        (OWN, {"names": "qsac", "kernel": {"type": "polynomial"}}, "import.no-coefficients"),
        (OWN, {"names": "qsac", "section": "attention"}, "option.unknown-choice"),
        ({}, {}, "import.missing-array"),
    ],
)
def test_mistakes_have_codes(arrays: Arrays, options: dict[str, Any], code: str) -> None:
    with pytest.raises(QsacError) as caught:
        _import(arrays, **options)
    assert caught.value.code == code


def test_shapes_that_do_not_fit_have_places() -> None:
    with pytest.raises(InvalidInputError) as caught:
        _import(gpt2() | {"h.0.mlp.c_fc.weight": np.ones((8, 4))})
    assert caught.value.pointer == "/arrays/layers.{l}.feed_forward.input"
    assert caught.value.found == 'shape (4, 8) of "h.0.mlp.c_fc.weight"'


def test_an_imported_model_compiles_and_is_verified() -> None:
    found = _import(gpt2(hidden=4), sequence=[3, 0, 2], kernel={"type": "linear"})
    compiled = qsac.compile(found.model, "h1")
    assert compiled.verified is not None
    assert compiled.verified.how == "closed form"


def test_a_head_becomes_a_model_of_quantum_attention(tmp_path: Path) -> None:
    found = _import(section="attention", head=1)
    found.save(tmp_path / "head.json")
    loaded = qsac.load(tmp_path / "head.json")
    assert loaded == found.model
    assert loaded.section == "attention"
    assert found.advice is not None
    assert found.distance.positions == 4

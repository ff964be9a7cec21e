"""Folding is exact: the closed form of the imported model is the original with its stand-ins, to rounding errors."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from qsac.errors import of_type
from qsac.families.transformer.model import Model
from qsac.importing.calibration import calibrated
from qsac.importing.folding import Lengths, folded_layers, folded_vocabulary, frame_of, is_widened
from qsac.importing.imported import loaded
from qsac.importing.options import Options, activation_fit, kernel_choice
from qsac.importing.original import Original, forward, probabilities
from tests.cases import some
from tests.importing.test_original import model_of
from tests.importing.trained import Arrays, gpt2, torch

WORDS = np.array([3, 0, 2, 1, 1])
USUAL = Lengths()
ROWS = np.random.default_rng(5).normal(size=(5, 4))
FINAL = {"norm.weight": np.array([1.2, 0.7, 1.1, 0.9]), "norm.bias": np.array([0.1, -0.2, 0.3, 0.05])}

NAMES = {
    "after": "torch",
    "before": {"like": "torch", "norms": "before", "activation": "gelu"},
    "none": {"like": "torch", "norms": "none", "activation": "tanh", "mask": "causal"},
}


def _without(arrays: Arrays, *parts: str) -> Arrays:
    return {name: values for name, values in arrays.items() if not any(part in name for part in parts)}


def _largest_difference(model: Original, sequence: Any, options: Options, lengths: Lengths = USUAL) -> float:
    """Between what the model file computes and the original with everything exchanged: of probabilities or states."""
    inputs = model.inputs(sequence)
    traces = [forward(model, inputs)]
    frame = frame_of(model, [inputs], options, lengths)
    stand_ins = calibrated(model, traces, options, frame.constant is not None).stand_ins
    layers, rows = folded_layers(model, stand_ins, frame, options, lengths)
    kinds = ("query", "exponential", "denominator", "norm1", "norm2", "activation")
    everything = {(place, kind) for place in range(len(model.layers)) for kind in kinds} | {(-1, "norm")}
    wanted = forward(model, inputs, stand_ins, everything)
    base = 0 if frame.base is None else frame.base
    tokens = {"type": "inline", "values": inputs @ frame.write.T + base}
    readout: dict[str, Any] = {"type": "state-fidelity", "targets": wanted.outputs @ frame.write.T}
    if model.vocabulary is not None:
        readout = {"type": "next-token", "vocabulary": folded_vocabulary(model, stand_ins, frame, rows)}
    found = loaded({"qsac": 1, "tokens": tokens, "transformer": {"layers": layers}, "readout": readout})
    states = of_type(found, Model).outputs
    if model.vocabulary is None:
        return float(np.abs(states - wanted.outputs @ frame.write.T).max())
    squares = np.abs(states @ np.array(readout["vocabulary"]).T) ** 2
    shares = squares / squares.sum(axis=1, keepdims=True)
    return float(np.abs(shares - probabilities(model, wanted, stand_ins, True)).max())


def _options(kernel: Any = None, feed_forward: Any = None, widen: bool | None = None) -> Options:
    return Options(kernel_choice(kernel), activation_fit(feed_forward), widen)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(
    ("kernel", "feed_forward"),
    [(None, None), (3, 1), ({"type": "polynomial", "degree": 3}, 4), ({"type": "linear"}, {"degree": 3, "range": 2})],
)
def test_gpt2(layers: int, kernel: Any, feed_forward: Any) -> None:
    model = model_of(gpt2(layers=layers), "gpt2")
    assert _largest_difference(model, WORDS, _options(kernel, feed_forward)) < 1e-13


@pytest.mark.parametrize("left_out", [(), ("mlp",), ("ln_f",), ("ln_1",), ("wpe",), ("bias",), ("ln_f", "mlp")])
@pytest.mark.parametrize("widen", [False, True])
def test_gpt2_without_some_of_its_parts(left_out: tuple[str, ...], widen: bool) -> None:
    model = model_of(_without(gpt2(layers=2), *left_out), "gpt2")
    assert _largest_difference(model, WORDS, _options(widen=widen)) < 1e-13


TORCH = product(NAMES, [None, 2], [False, True], [False, True], [(), ("linear",), ("bias",)])


@pytest.mark.parametrize(("names", "layers", "widen", "final", "left_out"), some(TORCH, 5))
def test_torch(names: str, layers: int | None, widen: bool, final: bool, left_out: tuple[str, ...]) -> None:
    arrays = _without(torch(layers=layers), *left_out) | (FINAL if final else {})
    model = model_of(arrays, NAMES[names])
    assert is_widened(model, _options(widen=widen)) is widen
    assert _largest_difference(model, ROWS, _options(widen=widen)) < 1e-13


@pytest.mark.parametrize("lengths", [Lengths(0.3, 2.5), Lengths(4, 0.2)])
@pytest.mark.parametrize("widen", [False, True])
def test_lengths_change_nothing(lengths: Lengths, widen: bool) -> None:
    for arrays, names, sequence in ((gpt2(layers=2), "gpt2", WORDS), (torch(layers=2), "torch", ROWS)):
        assert _largest_difference(model_of(arrays, names), sequence, _options(widen=widen), lengths) < 1e-12


def test_states_are_widened_where_that_takes_no_qubit() -> None:
    assert is_widened(model_of(torch(width=6), "torch"), _options())
    assert not is_widened(model_of(torch(width=4), "torch"), _options())
    assert not is_widened(model_of(gpt2(width=6), "gpt2"), _options()), "the mean is free already"


def test_attention_alone_with_equal_gains_is_centred() -> None:
    arrays = _without(torch(), "linear", "norm2", "bias") | {"norm1.weight": np.full(4, 2.0)}
    model = model_of(arrays, "torch")
    options = _options()
    frame = frame_of(model, [ROWS], options, Lengths())
    found = calibrated(model, [forward(model, ROWS)], options, False)
    layers, _ = folded_layers(model, found.stand_ins, frame, options, Lengths())
    assert layers[0]["norm"] == "centre"
    assert layers[0]["residual"] == pytest.approx([2 / found.stand_ins.layers[0].first] * 2)
    assert "feed_forward" not in layers[0]
    assert _largest_difference(model, ROWS, options) < 1e-13

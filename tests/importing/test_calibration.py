"""Stand-ins are the best of their kind on the given inputs."""

import math
from dataclasses import replace

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.importing.calibration import calibrated, check_work
from qsac.importing.options import Options, activation_fit, kernel_choice
from qsac.importing.original import ACTIVATIONS, Norm, Original, Trace, forward, polynomial, probabilities
from qsac.importing.polynomials import factors, fitted, taylor
from qsac.importing.report import distance_between
from tests.importing.test_original import model_of
from tests.importing.trained import gpt2

WORDS = [np.array([3, 0, 2, 1, 1]), np.array([0, 1, 2, 3])]


def _traced() -> tuple[Original, list[Trace]]:
    model = model_of(gpt2(layers=2), "gpt2")
    return model, [forward(model, model.inputs(one)) for one in WORDS]


def _options(kernel: object = None, feed_forward: object = None) -> Options:
    return Options(kernel_choice(kernel), activation_fit(feed_forward))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("degree", [1, 2, 3, 4, 6])
def test_fits_are_of_least_squares(name: str, degree: int) -> None:
    function = ACTIVATIONS[name]
    grid = np.linspace(-1.5, 1.5, 2001)
    found = fitted(function, degree, 1.5)
    powers = np.vander(grid, degree + 1, increasing=True)
    wanted, *_ = np.linalg.lstsq(powers, function(grid), rcond=None)
    assert np.abs(polynomial(found, grid) - powers @ wanted).max() < 1e-10
    assert found[-1] != 0, "zeros after the last term are left out"


def test_fits_have_the_errors_that_are_known() -> None:
    """Those of a GELU on [-1, 1] without a constant term are 0.015 and 0.001; with one they are no larger."""
    grid = np.linspace(-1, 1, 2001)
    for degree, most in ((2, 0.015), (4, 0.0011)):
        assert np.abs(polynomial(fitted(ACTIVATIONS["gelu"], degree, 1), grid) - ACTIVATIONS["gelu"](grid)).max() < most


@pytest.mark.parametrize(
    "coefficients", [(0.1, 0.5, 0.35), (0, 1, 0, -0.2), (0, 0, 2), (3, -0.7), (0, 0.5, 0.4, 0, -0.06), (0, 1, 0, 1)]
)
def test_factors_give_the_polynomial_without_its_constant(coefficients: tuple[float, ...]) -> None:
    values = np.linspace(-2, 2, 41)
    product = np.prod([a * values + b for a, b in factors(coefficients)], axis=0)
    assert np.abs(product - polynomial((0, *coefficients[1:]), values)).max() < 1e-12
    assert len(factors(coefficients)) == len(coefficients) - 1


def test_factors_are_real_where_the_roots_are() -> None:
    assert all(b.imag == 0 for _, b in factors((0, 0.5, 0.35)))
    assert any(b.imag != 0 for _, b in factors((0, 1, 0, 1)))
    with pytest.raises(ValueError, match="constant"):
        factors((2.0,))


def test_taylor() -> None:
    assert taylor(0.5, 3) == (1, 0.5, 0.125, 0.5**3 / 6)


def test_the_fixed_divisor_is_the_best_one() -> None:
    model, traces = _traced()
    found = calibrated(model, traces, _options(), True)
    deviations = np.concatenate([np.sqrt(trace.layers[0].before_first.var(axis=1) + 1e-5) for trace in traces])
    fixed = found.stand_ins.layers[0].first

    def off(divisor: float) -> float:
        return float(np.sqrt(np.mean((1 - deviations / divisor) ** 2)))

    assert found.rows_off[0][0] == pytest.approx(off(fixed))
    assert off(fixed) > 0.05
    assert off(fixed) < min(off(fixed * 1.01), off(fixed * 0.99))


def test_rows_of_equal_length_lose_nothing() -> None:
    model, traces = _traced()
    same = replace(traces[0], before_last=np.array([[1.0, -1, 1, -1], [1, 1, -1, -1]]))
    norm = Norm(np.ones(4), np.zeros(4), 0.0)
    found = calibrated(replace(model, last=norm), [same], _options(), True)
    assert found.stand_ins.last == pytest.approx(1)
    assert found.last_off == pytest.approx(0, abs=1e-15)


def test_weights_come_nearer_with_the_degree() -> None:
    model, traces = _traced()
    off = [calibrated(model, traces, _options(degree), True).weights_off[1] for degree in (1, 2, 4, 10)]
    assert off[0][0] > 3 * off[1][0] > 9 * off[2][0]
    assert off[3][0] < 1e-9
    # The denominator is one number for all rows, whatever the polynomial.
    assert off[3][1] == pytest.approx(off[2][1], rel=0.01)
    assert off[3][1] > 0.01


def test_keys_are_centred_where_states_have_a_constant() -> None:
    model, traces = _traced()
    with_constant, without = (calibrated(model, traces, _options(), constant) for constant in (True, False))
    keys = np.concatenate([trace.layers[1].keys for trace in traces], axis=1)
    assert np.allclose(with_constant.stand_ins.layers[1].key_centre, keys.mean(axis=1))
    assert not with_constant.stand_ins.layers[1].query_loss.any()
    lost = without.stand_ins.layers[1].query_loss
    attention, norm = model.layers[1].attention, model.layers[1].first
    assert norm is not None
    assert np.allclose(lost, attention.query @ norm.offset + attention.query_bias)
    assert with_constant.scores[1] != without.scores[1]


def test_a_softmax_does_not_see_the_centre_of_its_keys() -> None:
    model, traces = _traced()
    shifted = replace(
        model.layers[0], attention=replace(model.layers[0].attention, key_bias=model.layers[0].attention.key_bias + 3)
    )
    other = replace(model, layers=(shifted, *model.layers[1:]))
    for words, trace in zip(WORDS, traces, strict=True):
        assert np.allclose(forward(other, model.inputs(words)).outputs, trace.outputs)
    ranges = [calibrated(one, traces, _options(), True).scores for one in (model, other)]
    assert ranges[0] == pytest.approx(ranges[1])


def test_the_slope_of_the_head_is_the_best_one() -> None:
    model, traces = _traced()
    stand_ins = calibrated(model, traces, _options(), True).stand_ins
    assert stand_ins.slope is not None

    def overlap(slope: float) -> float:
        changed = replace(stand_ins, slope=slope)
        pairs = [(probabilities(model, one), probabilities(model, one, changed, True)) for one in traces]
        return float(np.mean(np.concatenate([np.sqrt(one * other).sum(axis=1) for one, other in pairs])))

    slope = stand_ins.slope
    assert overlap(slope) >= max(overlap(slope * 1.02), overlap(slope / 1.02)) > 0.9
    assert overlap(slope) > overlap(0.01)


def test_small_logits_have_half_of_themselves_as_amplitude() -> None:
    """sqrt(e^z) = 1 + z/2 + .."""
    model, traces = _traced()
    small = [replace(trace, logits=1e-3 * trace.logits) for trace in traces if trace.logits is not None]
    slope = calibrated(model, small, _options(), True).stand_ins.slope
    assert slope == pytest.approx(0.5, rel=0.02)


def test_the_range_of_the_activation_is_that_which_was_seen_or_given() -> None:
    model, traces = _traced()
    seen = max(np.abs(trace.layers[0].before_activation).max() for trace in traces)
    assert calibrated(model, traces, _options(), True).stand_ins.layers[0].preactivation == pytest.approx(seen)
    given = calibrated(model, traces, _options(None, {"degree": 4, "range": 3}), True)
    assert given.stand_ins.layers[0].preactivation == 3
    errors = [calibrated(model, traces, _options(None, degree), True).activation_off[0] for degree in (1, 2, 4)]
    assert errors[0] > errors[1] > errors[2] > 0


@pytest.mark.parametrize("kind", ["exponential", "denominator", "norm1", "norm2", "activation"])
def test_each_stand_in_alone_makes_a_difference(kind: str) -> None:
    model, traces = _traced()
    stand_ins = calibrated(model, traces, _options(), True).stand_ins
    inputs = model.inputs(WORDS[0])
    off = distance_between(model, traces[0], forward(model, inputs, stand_ins, {(1, kind)}), stand_ins)
    assert 1e-6 < off < 0.2
    assert distance_between(model, traces[0], forward(model, inputs, stand_ins, ()), stand_ins) == 0


@pytest.mark.parametrize(
    ("kernel", "code"),
    [
        ("taylor", "option.wrong-type"),
        ({"type": "monomial"}, "option.unknown-choice"),
        ({"degre": 2}, "option.wrong-type"),
        ({"degree": -1}, "option.out-of-range"),
        ({"degree": 65}, "option.out-of-range"),
        ({"range": -1.0}, "option.out-of-range"),
        ({"type": "polynomial", "coefficients": [1]}, "option.wrong-type"),
        ({"type": "polynomial", "coefficients": ["a", 1]}, "option.wrong-type"),
    ],
)
def test_invalid_choices(kernel: object, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        kernel_choice(kernel)
    assert caught.value.code == code
    if not isinstance(kernel, dict) or "type" not in kernel:
        with pytest.raises(InvalidInputError):
            activation_fit(kernel if kernel != {"degree": -1} else {"degree": 0})


def test_choices() -> None:
    assert kernel_choice(3).coefficients(0.5, 9) == taylor(0.5, 3)
    assert kernel_choice({"type": "linear"}).coefficients(0.5, 9) == (0, 1)
    assert kernel_choice({"type": "polynomial", "coefficients": [1, 2]}).coefficients(0.5, 9) == (1, 2)
    found = np.array(kernel_choice({"type": "polynomial", "degree": 6}).coefficients(0.5, 1.5))
    grid = np.linspace(-1.5, 1.5, 50)
    assert np.abs(polynomial(found, grid) - np.exp(grid / 2)).max() < 2e-6
    assert activation_fit({"coefficients": [0, 1]}).coefficients == (0, 1)
    assert math.isclose(activation_fit({"range": 2}).range or 0, 2)


def test_inputs_that_are_too_many() -> None:
    model, _ = _traced()
    check_work(model, [1000])
    with pytest.raises(DoesNotFitError, match="too many or too long"):
        check_work(model, [8000])

"""What the measurement of digits stands on: patches, the network and its twin, and images by shots."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from qsac.families.reading import load
from tests.bench import digits
from tests.bench.digits import Row


def _drawn(layers: int, images: int = 2) -> tuple[dict[str, Any], Any]:
    rng = np.random.default_rng(3)
    return digits.initial(3, layers), digits.cut(rng.random((images, 8, 8)))


def test_images_are_cut_into_patches() -> None:
    train, test = digits.digits(10)
    assert (train.patches.shape, test.patches.shape) == ((1200, 4, 16), (597, 4, 16))
    assert train.patches.max() == 1
    assert set(train.labels) == set(test.labels) == set(range(10))
    image = np.arange(64.0).reshape(1, 8, 8)
    patches = digits.cut(image)[0].reshape(2, 2, 4, 4)
    for row, column in product(range(2), range(2)):
        assert np.array_equal(patches[row, column], image[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4])


@pytest.mark.parametrize("layers", [1, 2])
def test_the_network_is_the_closed_form(layers: int) -> None:
    weights, patches = _drawn(layers)
    means = digits.head(weights, patches, "taylor")
    for rows, mean in zip(digits.tokens(weights, patches), means, strict=True):
        model = load(digits.document(weights, rows, 0.05))
        assert model.readout.closed_form(model).values["head"] == pytest.approx(mean, abs=1e-12)


def test_the_twin_has_softmax() -> None:
    """By hand, row by row; near the polynomial of degree 2, and not the same."""
    weights, patches = _drawn(1, images=1)
    (layer,) = weights["layers"]
    rows = digits.tokens(weights, patches)[0]
    unit = [row / np.sqrt(row @ row) for row in rows]
    score, value = (digits.orthogonal(layer[name]) for name in ("score", "value"))
    outputs = []
    for query, row in zip(unit, rows, strict=True):
        shares = np.array([np.exp(query @ score @ key) for key in unit])
        mixed = sum(share * (value @ key) for share, key in zip(shares / shares.sum(), unit, strict=True))
        after = row + mixed
        between = np.clip(layer["in"] @ (after / np.sqrt(after @ after)) + layer["in_bias"], 0, None)
        outputs.append(after + layer["out"] @ between + layer["out_bias"])
    twin, own, without = (digits.head(weights, patches, kernel)[0] for kernel in ("softmax", "taylor", "none"))
    assert twin == pytest.approx(np.mean(outputs, axis=0), abs=1e-12)
    assert 1e-4 < np.abs(twin - own).max() < 0.1 < np.abs(without - own).max()


@pytest.mark.parametrize("layers", [1, 2])
def test_images_by_shots_are_nearly_exact(layers: int) -> None:
    weights, patches = _drawn(layers, images=2 if layers == 1 else 1)
    exact = digits.head(weights, patches, "taylor")
    found = list(digits.by_shots(weights, patches, 0.05))
    off = np.abs(np.array([result.values["head"] for result, _ in found]) - exact)
    assert off.min() > 1e-5
    assert off.max() < 0.15
    # Half of 6 ln 8 / 0.05^2 accepted shots in the computational basis, so many of all circuits.
    assert all(shots > 16 * layers * 2496 for _, shots in found)


def test_differences_are_of_the_same_images() -> None:
    labels = np.array([0, 1, 2, 0])
    twin, row = Row("twin", np.array([0, 1, 2, 1])), Row("one", np.array([0, 2, 2, 0]))
    assert digits.accuracy(twin.found, labels) == "0.750 ± 0.217"
    assert digits.difference(row.found, twin.found, labels) == "+0.000 ± 0.408"
    assert digits.cells(row, twin, labels)[:4] == ["one", "4", "0.750 ± 0.217", "+0.000 ± 0.408"]
    assert digits.cells(twin, twin, labels)[3] == ""

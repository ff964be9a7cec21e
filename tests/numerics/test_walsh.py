"""Gray-code angles against their definition."""

import numpy as np
import pytest

from qsac.ir.blocks.multiplexor import ruler
from qsac.numerics.walsh import gray_angles, walsh_hadamard

RNG = np.random.default_rng(3)
CONTROLS = pytest.mark.parametrize("controls", range(8))


@CONTROLS
def test_the_transform_is_its_definition_and_nearly_its_own_inverse(controls: int) -> None:
    size = 1 << controls
    values = RNG.normal(size=size)
    signs = np.array([[(-1) ** (x & p).bit_count() for x in range(size)] for p in range(size)])
    np.testing.assert_allclose(walsh_hadamard(values), signs @ values / size, atol=1e-14)
    np.testing.assert_allclose(size * walsh_hadamard(walsh_hadamard(values)), values, atol=1e-12)


def test_the_transform_leaves_its_argument_alone() -> None:
    values = RNG.normal(size=8)
    before = values.copy()
    walsh_hadamard(values)
    np.testing.assert_array_equal(values, before)


@CONTROLS
def test_the_ruler_walks_a_gray_code(controls: int) -> None:
    places = ruler(controls)
    assert len(places) == (1 << controls) - 1
    np.testing.assert_array_equal(places, places[::-1])
    seen, code = {0}, 0
    for place in places.tolist():
        code ^= 1 << (controls - 1 - place)
        seen.add(code)
    assert len(seen) == 1 << controls


@CONTROLS
@pytest.mark.parametrize("fresh", [False, True])
def test_a_ladder_of_plain_rotations_adds_up_to_the_wanted_angles(controls: int, fresh: bool) -> None:
    """For each value of the controls: the angles with the signs that the entanglers before (or after) them turn."""
    angles = RNG.uniform(-3, 3, 1 << controls)
    plain, places = gray_angles(angles, fresh=fresh), ruler(controls)
    for value, wanted in enumerate(angles):
        signs = [1 - 2 * (value >> (controls - 1 - place) & 1) for place in places.tolist()]
        before, after = [1, *np.cumprod(signs)], [*np.cumprod(signs[::-1])[::-1], 1]
        assert np.dot(plain, after if fresh else before) == pytest.approx(wanted)

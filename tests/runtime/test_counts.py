"""How outcomes of counts are written, and in which order they are read."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.runtime.counts import Layout, Order, read_counts
from qsac.runtime.counts_by_register import is_by_register, read_registers


def _layout(**sizes: int) -> Layout:
    return Layout(tuple((name, index) for name, size in sizes.items() for index in range(size)))


SINGLE = _layout(a=1, b=1, c=1, d=1)
ALONE = _layout(c=4)
UNEVEN = _layout(a=2, b=1, c=3)
EVEN = _layout(a=2, b=1, c=2)


def _read(layout: Layout, counts: dict[Any, Any], order: Order | None = None) -> dict[str, int]:
    if is_by_register(counts):
        reading = read_registers(layout, counts, order=order, source=None, spelled="type {}".format)
    else:
        reading = read_counts(layout, counts, order=order, source=None, spelled="type {}".format)
    found = Counter[str]()
    for outcome, count in reading.outcomes:
        found[outcome] += count
    return dict(found)


@pytest.mark.parametrize("layout", [SINGLE, ALONE])
@pytest.mark.parametrize("key", ["0001", "0 0 0 1", "0, 0, 0, 1", " 0 0  0 1 ", "0,0,0,1"])
def test_single_bits_do_not_say_their_order(layout: Layout, key: str) -> None:
    with pytest.raises(InvalidInputError, match="do not say in which order") as caught:
        _read(layout, {"0000": 3, key: 2} if key == "0001" else {key: 2})
    assert caught.value.help is not None
    assert "type pytket" in caught.value.help
    assert "type qiskit" in caught.value.help
    assert _read(layout, {key: 2}, "pytket") == {"0001": 2}
    assert _read(layout, {key: 2}, "qiskit") == {"1000": 2}


@pytest.mark.parametrize("key", ["(0, 0, 0, 1)", "[0, 0, 0, 1]", "[0 0 0 1]", "(0,0,0,1)", (0, 0, 0, 1), "[0 0\n 0 1]"])
def test_tuples_and_lists_are_those_of_pytket(key: Any) -> None:
    for layout in (SINGLE, ALONE):
        assert _read(layout, {key: 2}) == {"0001": 2}
        assert _read(layout, {key: 2}, "qiskit") == {"1000": 2}


def test_registers_of_which_one_is_longer_than_a_bit_are_those_of_qiskit() -> None:
    # Written from c[2] to c[0], then b[0], then from a[1] to a[0].
    assert _read(UNEVEN, {"011 0 01": 1}) == {"100110": 1}
    assert _read(UNEVEN, {"011 0 01": 1}, "qiskit") == {"100110": 1}
    with pytest.raises(InvalidInputError, match="not in the order pytket"):
        _read(UNEVEN, {"011 0 01": 1}, "pytket")
    # The first register first is nobody's convention.
    with pytest.raises(InvalidInputError, match="do not say in which order"):
        _read(UNEVEN, {"10 0 110": 1})
    assert _read(UNEVEN, {"10 0 110": 1}, "pytket") == {"100110": 1}
    with pytest.raises(InvalidInputError, match="not in the order qiskit"):
        _read(UNEVEN, {"10 0 110": 1}, "qiskit")
    # Where the sizes are the same from both ends, the order decides.
    assert _read(EVEN, {"01 1 00": 1}) == {"00110": 1}
    assert _read(EVEN, {"01 1 00": 1}, "pytket") == {"01100": 1}


def test_joined_registers_have_the_order_of_qiskit_without_its_blanks() -> None:
    assert _read(UNEVEN, {"011001": 1}, "qiskit") == _read(UNEVEN, {"011 0 01": 1})
    with pytest.raises(InvalidInputError, match="do not say in which order"):
        _read(UNEVEN, {"011001": 1})


def test_outcomes_that_read_the_same_from_both_ends_need_no_order() -> None:
    assert _read(UNEVEN, {"011110": 4, "000000": 2}) == {"011110": 4, "000000": 2}
    with pytest.raises(InvalidInputError, match="do not say in which order") as caught:
        _read(UNEVEN, {"011110": 4, "000000": 2, "000100": 1})
    assert caught.value.pointer == "/000100"
    assert _read(_layout(a=1), {"0": 1, "1": 2}) == {"0": 1, "1": 2}


@pytest.mark.parametrize("key", ["0x19", "0X19", "0x0019", 25, np.int64(25)])
def test_numbers_have_the_first_bit_as_the_least_significant(key: Any) -> None:
    assert _read(UNEVEN, {key: 3}) == {"100110": 3}
    assert _read(UNEVEN, {key: 3}, "pytket") == {"011001": 3}
    with pytest.raises(InvalidInputError, match="does not fit"):
        _read(UNEVEN, {key: 1, 64 if not isinstance(key, str) else "0x40": 1})


def test_what_is_written_twice_adds_up() -> None:
    assert _read(SINGLE, {"0x1": 3, "0x01": 4}) == {"1000": 7}
    assert _read(SINGLE, {"(0,1,0,0)": 3, "[0 1 0 0]": 4}) == {"0100": 7}


def test_the_bits_of_a_register_need_not_stand_together() -> None:
    layout = Layout((("a", 1), ("b", 0), ("a", 0)))
    # Qiskit writes b[0], then a[1] a[0].
    assert _read(layout, {"1 10": 1}) == {"110": 1}
    assert _read(layout, {"110": 1}, "qiskit") == {"110": 1}
    assert _read(layout, {"011": 1}, "pytket") == {"011": 1}
    with pytest.raises(InvalidInputError, match="do not say in which order"):
        _read(layout, {"101": 1})
    # A register may have room for bits that the circuit does not have.
    gap = Layout((("a", 0), ("a", 2)))
    assert _read(gap, {"100": 1}, "qiskit") == {"01": 1}
    assert _read(gap, {"0x4": 1}) == {"01": 1}
    assert _read(gap, {"01": 1}, "pytket") == {"01": 1}
    with pytest.raises(InvalidInputError, match="does not fit"):
        _read(gap, {"100": 1}, "pytket")


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"0101": 1, "0 1 0 1": 1}, "not all written in the same way"),
        ({(0, 1, 0, 1): 1, "0101": 1}, "not all written in the same way"),
        ({"0x5": 1, (0, 1, 0, 1): 1}, "not all written in the same way"),
        ({True: 1}, "does not fit"),
        ({None: 1}, "does not fit"),
        ({1.0: 1}, "does not fit"),
        ({-1: 1}, "does not fit"),
        ({(): 1}, "does not fit"),
        ({(0, 0, 0, 48): 1}, "does not fit"),
        ({(0, 0, 0, 300): 1}, "does not fit"),
        ({(0, 0, 0, 0.5): 1}, "does not fit"),
        ({"٠٠٠١": 1}, "does not fit"),
        ({"0b01": 1}, "does not fit"),
        ({"0x": 1}, "does not fit"),
        ({"[": 1}, "does not fit"),
        ({"()": 1}, "does not fit"),
        ({"(01, 01)": 1}, "does not fit"),
        ({"00010": 1}, "does not fit"),
        ({"0000": True}, "not a number of shots"),
        ({"0000": np.True_}, "not a number of shots"),
        ({"0000": 1.0}, "not a number of shots"),
        ({"0000": np.float64(3)}, "not a number of shots"),
        ({"0000": -1}, "not a number of shots"),
        ({"0000": 10**400}, "not a number of shots"),
        ({"0000": "12"}, "not a number of shots"),
        ({"0000": 1, "0110": [1]}, "not a number of shots"),
        ({}, "hold no shot"),
        ({"0000": 0}, "hold no shot"),
    ],
)
def test_what_is_not_counts(counts: dict[Any, Any], message: str) -> None:
    for order in (None, "pytket", "qiskit"):
        with pytest.raises(InvalidInputError, match=message):
            _read(SINGLE, counts, order)  # type: ignore[arg-type]


def test_counts_are_whole_numbers_of_numpy_too() -> None:
    assert _read(SINGLE, {"0000": np.uint8(200), "0110": np.int64(2)}) == {"0000": 200, "0110": 2}


def test_shots_of_registers_are_joined() -> None:
    shots = {"c": ["011", "000", "011"], "a": ["01", "10", "01"], "b": ["0", "1", "0"]}
    assert _read(UNEVEN, shots) == {"100110": 2, "011000": 1}
    assert _read(UNEVEN, shots, "pytket") == {"010011": 2, "101000": 1}
    bits = {"a": [[1, 0]], "b": [[0]], "c": [(1, 1, 0)]}
    assert _read(UNEVEN, bits) == {"100110": 1}
    assert _read(SINGLE, {"a": [0, 1], "b": [1, 1], "c": ["0x0", "0x1"], "d": ["0", "1"]}) == {"0100": 1, "1111": 1}
    # One register by itself: its name says nothing of the order of its bits, but both who list so write it alike.
    assert _read(ALONE, {"c": ["0001"]}) == {"1000": 1}


def test_counts_of_registers_are_read_where_they_leave_nothing_open() -> None:
    assert _read(ALONE, {"c": {"0001": 5, "0011": 2}}) == {"1000": 5, "1100": 2}
    assert _read(UNEVEN, {"a": {"01": 5, "11": 2}, "b": {"1": 7}, "c": {"000": 7, "001": 0}}) == {
        "101000": 5,
        "111000": 2,
    }
    with pytest.raises(InvalidInputError, match="do not say which of their outcomes fell together") as caught:
        _read(UNEVEN, {"a": {"01": 5, "11": 2}, "b": {"1": 6, "0": 1}, "c": {"000": 7}})
    assert caught.value.found == "more than one outcome for a, b"
    assert "join_data" in str(caught.value.help)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({"a": ["00"], "b": ["0"]}, "a register of the circuit is missing"),
        ({"a": ["00"], "b": ["0"], "c": ["000"], "meas": ["0"]}, "no such register"),
        ({"a": ["00"], "b": ["0", "1"], "c": ["000"]}, "not have the same number of shots"),
        ({"a": {"00": 2}, "b": {"0": 1}, "c": {"000": 2}}, "not have the same number of shots"),
        ({"a": ["00"], "b": {"0": 1}, "c": ["000"]}, "some registers have counts"),
        ({"a": [], "b": [], "c": []}, "hold no shot"),
        ({"a": {}, "b": {}, "c": {}}, "hold no shot"),
        ({"a": ["000"], "b": ["0"], "c": ["000"]}, "does not fit"),
        ({"a": ["0x4"], "b": ["0"], "c": ["000"]}, "does not fit"),
        ({"a": [[0, 2]], "b": ["0"], "c": ["000"]}, "does not fit"),
        ({"a": {"00": True}, "b": {"0": 1}, "c": {"000": 1}}, "not a number of shots"),
        ({"a": ["00", [0, 0]], "b": ["0", "0"], "c": ["000", "000"]}, "not all written in the same way"),
    ],
)
def test_what_is_not_listed_by_register(listed: dict[str, Any], message: str) -> None:
    for order in (None, "pytket", "qiskit"):
        with pytest.raises(InvalidInputError, match=message):
            _read(UNEVEN, listed, order)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key", ["[" + "0 " * 100_000 + "]", "0x" + "0" * 100_000 + "1", "0 " * 100_000, "01" * 100_000]
)
def test_no_long_text_is_taken_apart(key: str) -> None:
    with pytest.raises(InvalidInputError, match="does not fit") as caught:
        _read(SINGLE, {key: 1})
    assert len(str(caught.value)) < 500

"""Numeric series as states: windows, both encodings, and what is wrong with a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, QsacError
from qsac.families.learning import Given
from qsac.files import limits
from qsac.training.data.contract import Data

LONG = np.random.default_rng(0).normal([2, 0, -1], size=(50, 3))


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture
def series(tmp_path: Path) -> Callable[[Any], dict[str, Any]]:
    """Writes an array, or the text of a .csv file, and gives fields that name it."""

    def write(content: Any) -> dict[str, Any]:
        if isinstance(content, str):
            (tmp_path / "s.csv").write_text(content)
            return {"type": "series", "path": "s.csv"}
        np.save(tmp_path / "s.npy", content)
        return {"type": "series", "path": "s.npy"}

    return write


def test_one_series_is_split_by_time(made: Callable[..., Data], series: Callable[[Any], dict[str, Any]]) -> None:
    data = made(**series(LONG), context=4, stride=3, test_share=0.3)
    rows = _unit(LONG)
    np.testing.assert_allclose(data.train, [rows[k : k + 5] for k in range(0, 31, 3)])
    np.testing.assert_allclose(data.test, [rows[k : k + 5] for k in range(35, 46, 4)])
    assert data.given == Given(5, 3, real=True)
    assert (data.train.dtype, data.test.dtype) == (np.float64, np.float64)
    assert len(made(**series(LONG), context=4).train) == 9
    few = made(**series(LONG), context=4, stride=1, train=6)
    assert len(few.train) == 6
    complex_rows = made(**series(LONG * (1 + 1j)), context=4)
    assert complex_rows.given == Given(5, 3)


def test_several_series(made: Callable[..., Data], series: Callable[[Any], dict[str, Any]]) -> None:
    several = np.random.default_rng(1).normal(size=(10, 6, 2))
    data = made(**series(several))
    np.testing.assert_allclose(data.train, _unit(several[:8]))
    np.testing.assert_allclose(data.test, _unit(several[8:]))
    cut = made(**series(several), context=2, test_share=0.1)
    np.testing.assert_allclose(cut.train, [one[k : k + 3] for one in _unit(several[:9]) for k in (0, 2)])
    assert cut.test.shape == (2, 3, 2)


def test_amplitudes_keep_the_numbers(made: Callable[..., Data], series: Callable[[Any], dict[str, Any]]) -> None:
    data = made(**series(LONG), context=4, rows="amplitude")
    facts = dict(data.facts)
    scale, centre = float(facts["scale"]), np.array(list(map(float, facts["centre"].split(","))))
    train = LONG[:40]
    np.testing.assert_allclose(centre, train.mean(0), rtol=1e-5)
    assert scale == pytest.approx(np.sqrt(((train - train.mean(0)) ** 2).sum(1).mean()), rel=1e-5)
    states = data.train * -3  # neither the length nor the sign of a state matters
    read = centre + scale * states[..., :3] / states[..., 3:]
    np.testing.assert_allclose(read, [LONG[k : k + 5] for k in range(0, 36, 4)], rtol=1e-4, atol=1e-4)
    given = made(**series(LONG), context=4, rows="amplitude", scale=2.5)
    assert dict(given.facts)["scale"] == "2.5"


def test_single_numbers(
    made: Callable[..., Data],
    refused: Callable[..., QsacError],
    series: Callable[[Any], dict[str, Any]],
) -> None:
    data = made(**series("# a comment\n" + "".join(f"{k % 5}.5\n" for k in range(40))), context=4, rows="amplitude")
    assert data.given.dimension == 2
    assert made(**series(np.arange(1.0, 41)), context=4, rows="amplitude").given.dimension == 2
    assert made(**series(np.full(40, 3.0)), context=4, rows="amplitude").train[0, 0].tolist() == [0, 1]
    error = refused(**series(np.arange(1.0, 41)), context=4)
    assert (error.code, error.pointer) == ("tokens.dimension-too-small", "/data/rows")


ZERO = np.where(np.arange(50)[:, None] == 45, 0, LONG)


@pytest.mark.parametrize(
    ("content", "given", "pointer", "code"),
    [
        (LONG, {}, "/data", "field.missing"),
        (LONG, {"context": 20}, "/data/context", "data.too-few-sequences"),
        (LONG, {"context": 4, "test": 9}, "/data/test", "data.too-few-sequences"),
        (ZERO, {"context": 4}, "/data/rows", "tokens.zero-token"),
        (np.where(LONG > 0, 1e308, -1e308), {"context": 4, "rows": "amplitude"}, "/data/path", "number.not-finite"),
        (np.where(LONG > 0, LONG, np.nan), {"context": 4}, "/data/path", "number.not-finite"),
        (np.ones((2, 2, 2, 2)), {}, "/data/path", "data.wrong-shape"),
        (np.ones((0, 2)), {"context": 1}, "/data/path", "data.wrong-shape"),
        (np.array(3.0), {"context": 1}, "/data/path", "data.wrong-shape"),
        (np.array(["a", "b"]), {"context": 1}, "/data/path", "array.not-numbers"),
        ("1,2\n3\n", {"context": 1}, "/data/path", "tokens.unequal-rows"),
        ("1,b\n", {"context": 1}, "/data/path", "array.not-numbers"),
        ("", {"context": 1}, "/data/path", "data.wrong-shape"),
        (LONG, {"context": 1, "array": "x"}, "/data/array", "tokens.unnamed-array"),
        (LONG, {"context": 1, "path": "s.txt"}, "/data/path", "file.missing"),
        (LONG, {"context": 1, "path": "/s.npy"}, "/data/path", "file.outside-folder"),
    ],
)
def test_series_that_cannot_be_used(
    refused: Callable[..., QsacError],
    series: Callable[[Any], dict[str, Any]],
    content: Any,
    given: dict[str, Any],
    pointer: str,
    code: str,
) -> None:
    error = refused(**{**series(content), **given})
    assert (error.pointer, error.code) == (pointer, code)
    assert "token file" not in str(error)


def test_objects_are_not_unpickled(refused: Callable[..., QsacError], tmp_path: Path) -> None:
    np.save(tmp_path / "o.npy", np.array([{"a": 1}, None]), allow_pickle=True)
    assert refused(type="series", path="o.npy", context=1).code == "array.not-numbers"


def test_sizes_are_checked_first(
    refused: Callable[..., QsacError],
    series: Callable[[Any], dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000, 1000), }".ljust(117) + "\n"
    (tmp_path / "huge.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    error = refused(type="series", path="huge.npy")
    assert (error.code, error.pointer) == ("capacity.data-too-large", "/data/path")
    assert refused(**series(np.ones((3, 5000))), context=1).code == "capacity.dimension-too-large"
    monkeypatch.setattr(limits, "TOKEN_ENTRIES", 300)
    assert isinstance(refused(**series(LONG), context=20, stride=1, test_share=0.5), DoesNotFitError)
    assert isinstance(refused(**series("1,2,3\n" * 200), context=4), DoesNotFitError)

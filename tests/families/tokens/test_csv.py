"""CSV files as people have them: what their numbers may look like, what is said where they look otherwise."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, InputWarning, QsacError
from qsac.families.qsa.model import Model
from qsac.families.reading import load
from qsac.families.tokens import comma_separated
from qsac.files import limits
from tests.families.models import with_tokens, with_values


def _read(folder: Path, text: str | bytes) -> Model:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "model.json").write_text(json.dumps(with_tokens(type="file", path="t.csv")))
    return load(folder / "model.json")


def _help(folder: Path, text: str) -> str:
    with pytest.raises(QsacError, match="not a number") as caught:
        _read(folder, text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "1,2+1j\n3,4\n",
        "1,2+1J\n3,4\n",
        "1,(2+1j)\n3,4\n",
        "\ufeff1,2+1j\r\n\r\n3,4",
        "# re, im\n 1 , 2+1j \r3,4\r",
        "1.0,2e0+1e0j\n+3,4\n",
    ],
)
def test_spellings(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == load(with_values(np.array([[1, 2 + 1j], [3, 4]])))


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("1,2,\n3,4,\n", "remove the comma at the end of the line"),
        ("1,,2\n3,4,5\n", "write 0 where an entry is zero"),
        (",1,2\n3,4,5\n", "write 0 where an entry is zero"),
        (",0,1\n0,4,5\n1,2,2\n", "to_csv(path, header=False, index=False)"),
        ("1+2i,1\n1,1\n", "write the imaginary unit as j: 1+2j"),
        ("1,-2.5I\n1,1\n", "write the imaginary unit as j: -2.5j"),
        ("1,2*i\n1,1\n", "write the imaginary unit as j: 2j"),
        ("1,2+3\u200bj\n1,1\n", "without blanks"),
        ("1 + 2j,1\n1,1\n", "without blanks"),
        ('"1","2"\n3,4\n', "without quotes"),
        ("'1',2\n3,4\n", "without quotes"),
        ("1;2\n3;4\n", "separate the numbers with commas"),
        ("1\t2\n3\t4\n", "separate the numbers with commas"),
        ("a,b\n1,2\n", "remove the header line, or begin it with #"),
        ("# by me\n\na,b\n1,2\n", "remove the header line, or begin it with #"),
        ("x,1\n1,2\n", "correct the entry; where the line is a header, begin it with #"),
    ],
)
def test_help_fits_what_is_wrong(tmp_path: Path, text: str, help: str) -> None:
    said = _help(tmp_path, text)
    assert help in said
    assert ("remove the header" in said) == ("header line" in help)


def test_no_help_removes_a_token_after_the_first_line(tmp_path: Path) -> None:
    assert "header" not in _help(tmp_path, "1,2\na,b\n")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([[0, 1, 2], [0.5, 1, 1], [1, 1, 1]], ["the first row of t.csv is 0, 1, 2"]),
        ([[0, 1, 2, 3, 4], [0.5, 1, 1, 1, 1]], ["the first row of t.csv is 0, 1, .., 4"]),
        ([[0, 0.5, 1], [1, 3, 1], [2, 3, 1]], ["the first column of t.csv is 0, 1, 2"]),
        ([[0, 1], [1, 0]], ["the first row", "the first column"]),
        ([[0, 1, 2.5], [1, 1, 1], [1, 0, 0]], []),
        ([[1, 2, 3], [1, 1, 1]], []),
        ([[0, 0.5], [1, 1], [3, 1]], []),
    ],
)
def test_headers_and_indices_of_numbers_are_warned_about(
    tmp_path: Path, values: list[list[float]], found: list[str]
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = _read(tmp_path, "".join(",".join(map(str, row)) + "\n" for row in values))
    assert model == load(with_values(values))
    assert len(caught) == len(found)
    for warning, text in zip(caught, found, strict=True):
        assert str(warning.message).startswith(text)
        assert warning.category is InputWarning
        assert warning.filename == __file__


def test_what_pandas_writes(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[0.5, 1.0, 2.0], [0.25, 3.0, 0.0], [1.0, 1.0, 0.5]])
    assert _read(tmp_path, frame.to_csv(header=False, index=False)) == load(with_values(frame.to_numpy()))
    assert "header=False, index=False" in _help(tmp_path, frame.to_csv())
    with pytest.warns(InputWarning, match="first row"):
        assert _read(tmp_path, frame.to_csv(index=False)).context == 3
    with pytest.warns(InputWarning, match="first column"):
        assert _read(tmp_path, frame.to_csv(header=False)).given_tokens.shape == (3, 4)


def test_rows_and_cells_are_counted_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONTEXT", 10)
    monkeypatch.setattr(limits, "DIMENSION", 20)
    monkeypatch.setattr(comma_separated, "_LINE", 100)
    made = []
    monkeypatch.setattr(comma_separated, "_row", lambda *given, **more: made.append(1) or np.ones(2))
    with pytest.raises(DoesNotFitError, match="too long"):
        _read(tmp_path, "1,1\n" * 10_000)
    assert len(made) == 11
    made.clear()
    with pytest.raises(DoesNotFitError, match="too many entries"):
        _read(tmp_path, "1," * 49 + "1\n")
    with pytest.raises(QsacError, match="line of the token file is too long"):
        _read(tmp_path, "1" * 101)
    assert not made


def test_one_row_at_a_time_is_in_memory(tmp_path: Path) -> None:
    with pytest.raises(QsacError, match="sequence is too long"):
        _read(tmp_path, "1\n" * 100_000)
    with pytest.raises(QsacError, match="not text"):
        _read(tmp_path, "1,2\n".encode("utf-16"))
    with pytest.raises(QsacError, match="not a number"):
        _read(tmp_path, b"1,\x00\n3,4\n")

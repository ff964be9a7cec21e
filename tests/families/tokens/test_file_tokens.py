"""Tokens from files: every format, and that nothing outside the model's folder is read or too much memory taken."""

import contextlib
import io
import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, QsacError
from qsac.families.qsa.model import Model
from qsac.families.reading import load
from qsac.files import limits
from tests.families.models import with_tokens, with_values

REAL = np.array([[1.0, 2.0, 0.5], [0.1, -1.0, 0.0], [0.0, 3.0, 1.0]])
COMPLEX = REAL + 1j * np.array([[0.5, 0, 0], [0, 1, 0], [0, 0, -2]])


def _load(folder: Path, path: str) -> Model:
    file = folder / "model.json"
    file.write_text(json.dumps(with_tokens(type="file", path=path)))
    return load(file)


def _refused(folder: Path, path: str, match: str) -> QsacError:
    with pytest.raises(QsacError, match=match) as caught:
        _load(folder, path)
    assert caught.value.pointer == "/tokens/path"
    assert caught.value.source == str(folder / "model.json")
    return caught.value


@pytest.mark.parametrize("values", [REAL, COMPLEX], ids=["real", "complex"])
@pytest.mark.parametrize("name", ["t.npy", "t.npz", "compressed.npz", "t.csv", "T.NPY", "sub/t.npy"])
def test_formats(tmp_path: Path, name: str, values: np.ndarray) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    if name.endswith("csv"):
        np.savetxt(file, values, delimiter=",", header="a comment")
    elif name.startswith("compressed"):
        np.savez_compressed(file, tokens=values)
    elif name.endswith("npz"):
        np.savez(file, values)
    else:
        with file.open("wb") as stream:
            np.save(stream, values)
    model = _load(tmp_path, name)
    assert model == load(with_values(values))
    assert model.tokens.dtype == values.dtype


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "i4", "u1", "c8"])
def test_dtypes(tmp_path: Path, dtype: str) -> None:
    values = np.array([[1, 2], [3, 0]]).astype(dtype)
    np.save(tmp_path / "t.npy", values)
    model = _load(tmp_path, "t.npy")
    assert model.tokens.dtype == np.float64
    assert model.canonical["tokens"]["values"] == [[1.0, 2.0], [3.0, 0.0]]


def test_fortran_order_and_pairs(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", np.asfortranarray(COMPLEX))
    np.save(tmp_path / "pairs.npy", np.stack([COMPLEX.real, COMPLEX.imag], axis=-1))
    assert _load(tmp_path, "f.npy") == _load(tmp_path, "pairs.npy") == load(with_values(COMPLEX))


def test_paths_are_relative_to_the_model_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "t.npy", REAL)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert _load(tmp_path, "t.npy") == load(with_values(REAL))
    with pytest.raises(QsacError, match="does not exist"):
        load(with_tokens(type="file", path="t.npy"))
    monkeypatch.chdir(tmp_path)
    assert load(with_tokens(type="file", path="t.npy")) == load(with_values(REAL))


@pytest.mark.parametrize(
    "path",
    ["../t.npy", "/etc/passwd", "sub/../../t.npy", "C:\\t.npy", "..\\t.npy", "~/t.npy", "\\\\host\\t.npy", "a\0.npy"],
)
def test_paths_outside_the_folder(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "models"
    inside.mkdir()
    np.save(tmp_path / "t.npy", REAL)
    _refused(inside, path, "must be in the model")


def test_links(tmp_path: Path) -> None:
    inside = tmp_path / "models"
    inside.mkdir()
    np.save(tmp_path / "t.npy", REAL)
    np.save(inside / "real.npy", REAL)
    (inside / "out.npy").symlink_to(tmp_path / "t.npy")
    (inside / "in.npy").symlink_to("real.npy")
    (inside / "folder").symlink_to(tmp_path)
    (inside / "loop.npy").symlink_to("loop.npy")
    assert _load(inside, "in.npy") == load(with_values(REAL))
    _refused(inside, "out.npy", "link that leads out")
    _refused(inside, "folder/t.npy", "link that leads out")
    _refused(inside, "loop.npy", r"cannot be read|does not exist")


def test_what_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    os.mkfifo(tmp_path / "pipe.npy")
    _refused(tmp_path, "folder.npy", "not a file")
    _refused(tmp_path, "pipe.npy", "not a file")
    _refused(tmp_path, "x" * 5000 + ".npy", "cannot be read")


def _sparse_npy(file: Path, shape: tuple[int, ...], size: int | None = None) -> None:
    """A .npy file whose header promises ``shape``, and whose data are a hole in the file."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with file.open("wb") as stream:
        stream.write(header.getvalue())
        stream.truncate(size or header.tell() + 8 * int(np.prod(shape)))


def test_large_arrays_are_refused_by_their_header(tmp_path: Path) -> None:
    _sparse_npy(tmp_path / "long.npy", (10**12, 2), size=1000)
    assert isinstance(_refused(tmp_path, "long.npy", "too long"), DoesNotFitError)
    _sparse_npy(tmp_path / "wide.npy", (2, 10**9), size=1000)
    _refused(tmp_path, "wide.npy", "too many entries")
    _sparse_npy(tmp_path / "short.npy", (60_000, 1000), size=1000)
    _refused(tmp_path, "short.npy", "damaged")
    _sparse_npy(tmp_path / "big.npy", (2, 2), size=limits.TOKEN_FILE_BYTES + 1)
    assert isinstance(_refused(tmp_path, "big.npy", "file is too large"), DoesNotFitError)
    (tmp_path / "big.csv").touch()
    os.truncate(tmp_path / "big.csv", limits.CSV_FILE_BYTES + 1)
    _refused(tmp_path, "big.csv", "file is too large")


def test_a_zip_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    _sparse_npy(tmp_path / "zeros.npy", (2**21, 8))
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "zeros.npy", "zeros.npy")
    assert (tmp_path / "bomb.npz").stat().st_size < 2**20
    _refused(tmp_path, "bomb.npz", "too long")


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "pwned"),)

    array = np.array([[Bomb(), Bomb()], [Bomb(), Bomb()]])
    np.save(tmp_path / "t.npy", array, allow_pickle=True)
    np.savez(tmp_path / "t.npz", array)
    for name in ("t.npy", "t.npz"):
        assert "Python objects" in str(_refused(tmp_path, name, "does not hold numbers"))
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.zeros(4), "not a sequence of tokens"),
        (np.float64(1), "not a sequence of tokens"),
        (np.ones((1, 4)), "not a sequence of tokens"),
        (np.ones((4, 1)), "not a sequence of tokens"),
        (np.ones((2, 4, 3)), "not a sequence of tokens"),
        (np.ones((2, 4, 2), dtype=complex), "not a sequence of tokens"),
        (np.ones((2, 2), dtype=bool), "does not hold numbers"),
        (np.array([["1", "0"], ["0", "1"]]), "does not hold numbers"),
        (np.zeros((2, 2), dtype=[("a", "f8")]), "does not hold numbers"),
        (np.array([[1, np.nan], [1, 1]]), "not finite"),
        (np.array([[1, 1j * np.inf], [1, 1]]), "not finite"),
        (np.array([[1, 0], [0, 0]]), "token 1 is zero"),
    ],
)
def test_wrong_arrays(tmp_path: Path, array: np.ndarray, match: str) -> None:
    np.save(tmp_path / "t.npy", array)
    _refused(tmp_path, "t.npy", match)


def test_extended_precision_that_overflows(tmp_path: Path) -> None:
    if np.finfo(np.longdouble).max <= np.finfo(np.float64).max:
        pytest.skip("no extended precision on this machine")
    np.save(tmp_path / "t.npy", np.full((2, 2), np.longdouble("1e4000")))
    _refused(tmp_path, "t.npy", "not finite")


@pytest.mark.parametrize("name", ["t.npy", "t.npz"])
@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"PK\x03\x04", b"not an array at all", b"\x93NUMPY\x01\0\x05\0x"]
)
def test_damaged_files(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    _refused(tmp_path, name, "damaged or of another kind")


@pytest.mark.parametrize("flip", range(0, 400, 7))
def test_archives_with_one_wrong_byte(tmp_path: Path, flip: int) -> None:
    np.savez_compressed(tmp_path / "t.npz", REAL)
    data = bytearray((tmp_path / "t.npz").read_bytes())
    data[flip % len(data)] ^= 0xFF
    (tmp_path / "t.npz").write_bytes(data)
    with contextlib.suppress(QsacError):
        _load(tmp_path, "t.npz")


def test_archive_with_several_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", a=REAL, b=REAL)
    assert "a, b" in str(_refused(tmp_path, "t.npz", "exactly one array"))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not a sequence of tokens"),
        ("a,b\n1,2\n", "not a number"),
        ("1,2\n3\n", "differ in length"),
        ("1;2\n3;4\n", "not a number"),
        ("1,2\n3,\n", "not a number"),
        ("1,2\n3,1_0\n", "not a number"),
        ("1,2\n3,nan\n", "not finite"),
        ("1,2+xj\n3,4\n", "not a number"),
        ("1,(2)\n3,4\n", "not a number"),
    ],
)
def test_wrong_csv(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    _refused(tmp_path, "t.csv", match)


def test_csv_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00")
    _refused(tmp_path, "t.csv", "not text")


def test_csv_with_windows_line_ends(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf1, 2\r\n\r\n3,4\r\n")
    assert _load(tmp_path, "t.csv") == load(with_values([[1, 2], [3, 4]]))


def _write_safetensors(file: Path, **tensors: tuple[str, np.ndarray]) -> None:
    header, data = {}, b""
    for name, (dtype, array) in tensors.items():
        offsets = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_safetensors(tmp_path: Path) -> None:
    _write_safetensors(tmp_path / "real.safetensors", tokens=("F64", REAL))
    pairs = np.stack([COMPLEX.real, COMPLEX.imag], axis=-1)
    _write_safetensors(tmp_path / "pairs.safetensors", tokens=("F64", pairs))
    assert _load(tmp_path, "real.safetensors") == load(with_values(REAL))
    assert _load(tmp_path, "pairs.safetensors") == load(with_values(COMPLEX))


def test_safetensors_of_the_package(tmp_path: Path) -> None:
    package = pytest.importorskip("safetensors.numpy")
    for dtype in ("f2", "f4", "f8", "i1", "u2", "i4", "u8", "c8"):
        values = np.array([[1, 2], [3, 0]]).astype(dtype)
        package.save_file({"tokens": values}, tmp_path / "t.safetensors", metadata={"by": "somebody"})
        assert _load(tmp_path, "t.safetensors") == load(with_values([[1, 2], [3, 0]])), dtype


def _float_of(code: int, exponent_bits: int, fraction_bits: int) -> float:
    """A small float by its definition, bit by bit."""
    sign = -1.0 if code >> (exponent_bits + fraction_bits) else 1.0
    exponent = code >> fraction_bits & (2**exponent_bits - 1)
    fraction = code & (2**fraction_bits - 1)
    bias = 2 ** (exponent_bits - 1) - 1
    if exponent == 0:
        return sign * fraction * 2.0 ** (1 - bias - fraction_bits)
    return sign * (1 + fraction / 2**fraction_bits) * 2.0 ** (exponent - bias)


@pytest.mark.parametrize(
    ("kind", "layout", "finite", "width"),
    [
        ("F8_E4M3", (4, 3), [*range(127), *range(128, 255)], np.uint8),
        ("F8_E5M2", (5, 2), [*range(124), *range(128, 252)], np.uint8),
        ("BF16", (8, 7), [*range(0, 0x7F80, 37), *range(0x8000, 0xFF80, 37)], np.uint16),
    ],
)
def test_short_floats(
    tmp_path: Path, kind: str, layout: tuple[int, int], finite: list[int], width: type[np.unsignedinteger[Any]]
) -> None:
    ones = {"F8_E4M3": 0x38, "F8_E5M2": 0x3C, "BF16": 0x3F80}[kind]
    codes = np.array([[code, ones] for code in finite], dtype=width)
    _write_safetensors(tmp_path / "t.safetensors", tokens=(kind, codes))
    wanted = [[_float_of(code, *layout), 1.0] for code in finite]
    assert _load(tmp_path, "t.safetensors").given_tokens.tolist() == wanted
    not_a_number = {"F8_E4M3": 0x7F, "F8_E5M2": 0x7C, "BF16": 0x7F80}[kind]
    _write_safetensors(tmp_path / "t.safetensors", tokens=(kind, np.array([[ones, ones], [ones, not_a_number]], width)))
    assert "row 1, entry 1" in str(_refused(tmp_path, "t.safetensors", "not finite"))


def _raw_safetensors(file: Path, header: object, data: bytes = b"", length: int | None = None) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)


def test_wrong_safetensors(tmp_path: Path) -> None:
    file = tmp_path / "t.safetensors"
    _write_safetensors(file, a=("F64", REAL[0]))
    _refused(tmp_path, file.name, "not a sequence of tokens")
    _write_safetensors(file, a=("BOOL", np.ones((2, 2), bool)))
    _refused(tmp_path, file.name, "does not hold numbers")
    _write_safetensors(file, a=("F4", np.ones((2, 2), np.uint8)))
    assert "F8_E5M2" in str(_refused(tmp_path, file.name, "unknown type"))
    file.write_bytes(b"12345678 not a header")
    _refused(tmp_path, file.name, "damaged")
    entry = {"dtype": "F64", "shape": [2, 2], "data_offsets": [0, 32]}
    for change in (
        {"shape": [2, 10**400]},
        {"shape": [2, -2]},
        {"shape": [2, 2.0]},
        {"shape": [True, 2]},
        {"shape": "22"},
        {"shape": [2, 3]},
        {"data_offsets": [0, 40]},
        {"data_offsets": [32, 0]},
        {"data_offsets": [0]},
        {"data_offsets": None},
        {"dtype": 64},
    ):
        _raw_safetensors(file, {"a": entry | change}, bytes(32))
        _refused(tmp_path, file.name, "damaged")
    for header in (b"[]", b"{", b'{"a": 1}', b'{"a": {}, "a": {}}', b"[" * 5000, b"\xff\xff"):
        _raw_safetensors(file, header, bytes(32))
        _refused(tmp_path, file.name, "damaged")
    _raw_safetensors(file, {"a": entry}, bytes(32), length=2**63)
    _refused(tmp_path, file.name, "damaged")
    _raw_safetensors(file, {"a": entry | {"shape": [2**40, 2]}}, bytes(32))
    assert isinstance(_refused(tmp_path, file.name, "too long"), DoesNotFitError)


# One of several arrays.


def _array_of(folder: Path, path: str, array: object) -> Model:
    file = folder / "model.json"
    file.write_text(json.dumps(with_tokens(type="file", path=path, array=array)))
    return load(file)


def test_one_of_several_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", wte=REAL, wpe=2 + REAL)
    _write_safetensors(tmp_path / "t.safetensors", wte=("F64", REAL), wpe=("F64", 2 + REAL))
    for path in ("t.npz", "t.safetensors"):
        assert _array_of(tmp_path, path, "wpe") == load(with_values(2 + REAL))
        assert _array_of(tmp_path, path, "wte") == load(with_values(REAL))
        with pytest.raises(QsacError, match="no array of this name") as caught:
            _array_of(tmp_path, path, "wtee")
        assert caught.value.pointer == "/tokens/array"
        assert "wpe, wte" in str(caught.value)
        assert 'did you mean "wte"?' in str(caught.value)
        assert "wpe, wte" in str(_refused(tmp_path, path, "exactly one array"))


def test_states_from_one_of_several_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", a=REAL, b=2 + REAL)
    model = with_values(REAL.tolist())
    (tmp_path / "model.json").write_text(
        json.dumps(model | {"readout": {"type": "predict", "states": {"path": "t.npz", "array": "b"}}})
    )
    read = load(tmp_path / "model.json")
    assert read == load(model | {"readout": {"type": "predict", "states": (2 + REAL).tolist()}})


@pytest.mark.parametrize("name", ["t.npy", "t.csv"])
def test_files_of_one_array_have_no_names(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "t.npy", REAL)
    np.savetxt(tmp_path / "t.csv", REAL, delimiter=",")
    with pytest.raises(QsacError, match="one array, which has no name") as caught:
        _array_of(tmp_path, name, "a")
    assert caught.value.pointer == "/tokens/array"


@pytest.mark.parametrize("array", ["", 3, None, ["a"]])
def test_names_of_arrays_are_texts(tmp_path: Path, array: object) -> None:
    np.savez(tmp_path / "t.npz", a=REAL)
    with pytest.raises(QsacError) as caught:
        _array_of(tmp_path, "t.npz", array)
    assert caught.value.pointer == "/tokens/array"

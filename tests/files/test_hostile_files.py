"""Files made to do harm: sizes are checked before memory is taken, nothing is evaluated, nothing waits for ever."""

import io
import json
import os
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.families.reading import load, load_text
from qsac.files.source import read_file
from qsac.files.strict_json import parse
from qsac.machine.read import read_target
from tests.cases import ALL
from tests.families.models import minimal, with_tokens, with_values

ONES = np.ones((2, 2))


@contextmanager
def _memory_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def _refused(folder: Path, name: str) -> QsacError:
    (folder / "model.json").write_text(json.dumps(with_tokens(type="file", path=name)))
    with pytest.raises(QsacError) as caught, _memory_below(2**24):
        load(folder / "model.json")
    assert name in str(caught.value)
    return caught.value


def _npy(header: bytes | str, data: bytes = bytes(32), version: int = 1, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else header.encode()
    size = struct.pack("<H" if version == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def _dict(descr: str = "'<f8'", order: str = "False", shape: str = "(2, 2)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    "header",
    [
        _dict(),
        "{'shape': (2, 2), 'fortran_order': False, 'descr': '<f8'}",
        '{"descr": "<f8", "fortran_order": True, "shape": (2, 2)}' + " " * 60,
        _dict(shape="(2L, 2L)"),
    ],
)
def test_headers_that_numpy_writes_are_read(tmp_path: Path, header: str, version: int) -> None:
    (tmp_path / "t.npy").write_bytes(_npy(header, ONES.tobytes(), version))
    (tmp_path / "model.json").write_text(json.dumps(with_tokens(type="file", path="t.npy")))
    assert load(tmp_path / "model.json") == load(with_values(ONES))


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (_dict(shape=f"(2, {'9' * 400})"), "400 digits"),
        (_dict(shape=f"({'9' * 9000}, 2)"), "digits"),
        (_dict(shape="(2, -2)"), "header"),
        (_dict(shape="(2, 2) * 10**9"), "header"),
        (_dict(shape="[2, 2]"), "header"),
        (_dict(shape="2"), "header"),
        (_dict(descr="('<f8', (2,))"), "header"),
        (_dict(descr="'f8,f8'"), "type of number"),
        (_dict(descr="'(1000000,1000000)f8'"), "type of number"),
        (_dict(descr="'<f3'"), "not known"),
        (_dict(descr="'<f'"), "not known"),
        (_dict(descr="'<i999999'"), "not known"),
        (_dict(descr="'<c2'"), "not known"),
        (_dict(descr="'|V2'"), "bfloat16"),
        (_dict(descr="[('a', '<f8')]"), "records"),
        (_dict(descr="[('a', '<f8', (10**9,))]"), "records"),
        (_dict(descr="'|O'"), "Python objects"),
        (_dict(descr="'<M8[ns]'"), "dates"),
        (_dict(order="None"), "header"),
        ("{'descr': '<f8', 'shape': (2, 2)}", "alone"),
        (_dict()[:-3] + ", 'shape': (3, 3)}", "header"),
        ("(" * 5000, "header"),
        ("-" * 9000 + "1", "header"),
        ("{'a': " * 1500, "header"),
        ("__import__('os').system('true')", "header"),
        (b"\xff" * 100, "header"),
        ("", "header"),
    ],
)
def test_headers_that_say_something_else(tmp_path: Path, header: Any, says: str) -> None:
    (tmp_path / "t.npy").write_bytes(_npy(header))
    assert says in str(_refused(tmp_path, "t.npy"))
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("a.npy", _npy(header))
    assert says in str(_refused(tmp_path, "t.npz"))


def test_lengths_of_headers_are_claims(tmp_path: Path) -> None:
    for data in (
        _npy(_dict(), length=60_000),
        _npy(_dict(), version=2, length=3 * 2**30),
        _npy(_dict(), version=9),
        b"\x93NUMPY\x01",
        b"",
    ):
        (tmp_path / "t.npy").write_bytes(data)
        _refused(tmp_path, "t.npy")


def test_archives_are_unpacked_no_further_than_needed(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "t.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as stream,
    ):
        stream.write(b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**28))
        for _ in range(16):
            stream.write(b" " * 2**24)
    assert "claims to be" in str(_refused(tmp_path, "t.npz"))
    with zipfile.ZipFile(tmp_path / "t.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", _npy(_dict(), ONES.tobytes() + bytes(2**27)))
    with _memory_below(2**24):
        (tmp_path / "model.json").write_text(json.dumps(with_tokens(type="file", path="t.npz")))
        assert load(tmp_path / "model.json") == load(with_values(ONES))


def test_archives_of_other_methods_and_large_directories(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "t.npz", "w", method) as archive:
            archive.writestr("a.npy", _npy(_dict()))
        assert "method" in str(_refused(tmp_path, "t.npz"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place in range(300):
            archive.writestr(f"{place}" + "x" * 60_000, b"")
    (tmp_path / "t.npz").write_bytes(buffer.getvalue())
    assert "directory is too large" in str(_refused(tmp_path, "t.npz"))


def test_compressed_data_that_ends_early(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", _npy(_dict(shape="(60000, 1000)")))
    assert "it ends after" in str(_refused(tmp_path, "t.npz"))


def _said(file: Path) -> str | None:
    try:
        load(file)
    except QsacError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", ["npy", "npz", "csv", "safetensors", "json"])
def test_mutated_bytes_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    values = np.arange(1.0, 9.0).reshape(2, 4)
    np.save(tmp_path / "t.npy", values)
    np.savez_compressed(tmp_path / "t.npz", a=values)
    np.savetxt(tmp_path / "t.csv", values, delimiter=",")
    text = json.dumps({"a": {"dtype": "F64", "shape": [2, 4], "data_offsets": [0, 64]}}).encode()
    (tmp_path / "t.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + values.tobytes())
    (tmp_path / "t.json").write_text(json.dumps(minimal()))
    model = tmp_path / "model.json"
    model.write_text(json.dumps(with_tokens(type="file", path=f"t.{kind}")))
    original = (tmp_path / f"t.{kind}").read_bytes()
    generator = random.Random(kind)
    refused = 0
    tries = 400 if ALL else 30
    for _ in range(tries):
        data = bytearray(original)
        for _ in range(generator.choice((1, 1, 2, 8))):
            place = generator.randrange(len(data))
            change = generator.randrange(4)
            if change == 0:
                data[place] = generator.randrange(256)
            elif change == 1:
                del data[place : place + generator.randrange(1, 9)]
            elif change == 2:
                data[place:place] = generator.choice((b"9" * 30, b"[", b"\xff", b"\0", b"e999", b"-", b"{"))
            else:
                data[place] ^= 1 << generator.randrange(8)
            if not data:
                break
        (tmp_path / f"t.{kind}").write_bytes(data)
        said = _said(tmp_path / ("t.json" if kind == "json" else "model.json"))
        refused += said is not None
        assert said is None or all(line.isprintable() for line in said.split("\n"))
    assert refused > tries / 4


# JSON.


@pytest.mark.parametrize(
    "field",
    [
        '"kernel": {"type": "polynomial", "coefficients": [%s]}',
        '"value": {"type": "hardware-efficient", "layers": 1, "parameters": [], "rotations": [%s]}',
        '"value": {"type": "matrix", "entries": [%s]}',
        '"phases": [%s]',
    ],
)
@pytest.mark.parametrize("item", ["[]", "{}", '""', "null"])
def test_lists_of_mistakes_take_no_more_than_their_parsing(field: str, item: str) -> None:
    identity = '{"type": "identity"}'
    given = {"kernel": '{"type": "monomial", "degree": 1}', "value": identity, "score": identity}
    attention = ['"type": "overlap"', *(f'"{name}": {value}' for name, value in given.items() if name not in field[:9])]
    count = 40_000
    text = (
        '{"qsac": 1, "tokens": {"type": "inline", "values": [[1, 0], [0, 1]]}, "attention": {'
        + ", ".join([*attention, field % ",".join([item] * count)])
        + "}}"
    )
    with pytest.raises(QsacError), _memory_below(50 * len(text) + 2**20):
        load_text(text, "model.json")


@pytest.mark.parametrize("place", ["", "tokens", "attention", "readout"])
def test_unknown_fields_by_the_thousand(place: str) -> None:
    many = {f"k{number}": 0 for number in range(50_000)}
    document: dict[str, Any] = minimal() | {"readout": {"type": "loss"}}
    document |= {place: document[place] | many} if place else many
    text = json.dumps(document)
    with pytest.raises(InvalidInputError, match="too many fields") as caught, _memory_below(50 * len(text)):
        load_text(text, "model.json")
    assert caught.value.pointer == ("/" + place if place else "")


def test_repeated_fields_are_found_in_linear_time() -> None:
    names = [f"k{number}" for number in range(200_000)]
    text = "{" + ",".join(f'"{name}":0' for name in [*names, names[-1]]) + "}"
    with pytest.raises(InvalidInputError, match='"k199999" is given twice'):
        parse(text.encode(), "m.json")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        '{"":' * 100_000,
        "[" * 5000 + "]" * 5000,
        '{"qsac": ' + "9" * 5000 + "}",
        '{"qsac": 1e' + "9" * 400 + "}",
        '{"qsac": ' + "9" * 400 + "}",
        '{"qsac": 1, "\ud800": 0}',
        '{"qsac": 1, "name": "\ud800", "tokens": {"type": "\udfff"}}',
        "\ufeff\ufeff{}",
        '{"qsac": 1}\0',
        "\0",
    ],
)
def test_documents_that_are_none(text: str) -> None:
    with pytest.raises(QsacError) as caught:
        load_text(text, "m.json")
    assert str(caught.value).replace("\n", "").isprintable()


@pytest.mark.parametrize("path", [("name",), ("tokens", "type"), ("tokens", "path"), ("attention", "mask")])
def test_lone_surrogates(path: tuple[str, ...]) -> None:
    document: Any = with_tokens(type="file", path="x.npy")
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = "\ud800"
    for read in (lambda: load(document), lambda: load_text(json.dumps(document), "m.json")):
        with pytest.raises(QsacError) as caught:
            read()
        assert str(caught.value).replace("\n", "").isprintable()


def test_diagnostics_stay_short() -> None:
    for document in (
        minimal() | {"x" * 100_000: 0},
        minimal() | {"name": "x" * 100_000},
        with_tokens(type="x" * 100_000),
        with_tokens(type="file", path="x" * 100_000),
        minimal() | {f"{'x' * 100_000}{place}": 0 for place in range(5)},
    ):
        with pytest.raises(QsacError) as caught:
            load_text(json.dumps(document), "m.json")
        assert len(str(caught.value)) < 5000


# Places that are no files.


def test_a_pipe_is_read_to_a_limit(tmp_path: Path) -> None:
    for size, fits in ((100, True), (101, False)):
        reading, writing = os.pipe()
        os.write(writing, b"x" * size)
        os.close(writing)
        try:
            if fits:
                assert read_file(f"/dev/fd/{reading}", 100, "file") == b"x" * size
            else:
                with pytest.raises(DoesNotFitError, match="too large"):
                    read_file(f"/dev/fd/{reading}", 100, "file")
        finally:
            os.close(reading)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
@pytest.mark.parametrize("read", [load, read_target])
def test_devices_are_not_read(read: Any) -> None:
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(InvalidInputError, match="is not a file"), _memory_below(2**22):
            read(device)


def test_link_loops_and_files_as_folders(tmp_path: Path) -> None:
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "file").touch()
    for name in ("loop.json", "file/model.json", "x" * 300, "file/../nothing/model.json", "a\0b"):
        with pytest.raises(InvalidInputError):
            load(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_locked_folders(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(0o300)
    try:
        with pytest.raises(InvalidInputError, match="does not exist"):
            load(tmp_path / "locked" / "model.json")
    finally:
        (tmp_path / "locked").chmod(0o700)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(self: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", locked)
    with pytest.raises(InvalidInputError, match="does not exist"):
        load(tmp_path / "model.json")
    (tmp_path / "model.json").write_text(json.dumps(with_tokens(type="file", path="none.npy")))
    with pytest.raises(InvalidInputError, match="does not exist"):
        load(tmp_path / "model.json")


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "t.npy")
    (tmp_path / "model.json").write_text(json.dumps(with_tokens(type="file", path="t.npy")))
    monkeypatch.setattr(Path, "is_file", lambda self: True)
    with pytest.raises(InvalidInputError, match="not a file"):
        load(tmp_path / "model.json")

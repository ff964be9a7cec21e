"""Checkpoints: what is written is read, and what anybody may have written is refused in a sentence."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError, QsacError
from qsac.training import checkpoints
from qsac.training.checkpoints import Checkpoint
from qsac.training.trained import Epoch


def example() -> Checkpoint:
    rng = np.random.default_rng(5)
    return Checkpoint(
        config="c" * 64,
        data="d" * 64,
        seed=2**62,
        parameters={"b": rng.normal(size=(2, 3)).astype(np.float32), "a/b": rng.normal(size=())},
        best={"b": rng.normal(size=(2, 3)).astype(np.float32), "a/b": rng.normal(size=())},
        best_epoch=1,
        state=[np.array(7, np.int32), np.zeros((0, 2), np.float32), np.array([1, 2], np.uint32)],
        history=(
            Epoch(1, 1 / 3, None, None, 0.1, {"circuits": 8.0}),
            Epoch(2, 0.25, 0.125, 3e-300, 0.0, {"circuits": 8.0, "signal": 1 / 7}),
        ),
        metrics={"train": {"loss": 1 / 7, "other": None}, "test": {}},
        stopped="early",
    )


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return bool(one == other)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    checkpoints.write(example(), path)
    read = checkpoints.read(path)
    assert same(vars(read), vars(example()))
    again = tmp_path / "again.safetensors"
    checkpoints.write(read, again)
    assert again.read_bytes() == path.read_bytes()


def test_the_format_is_that_of_safetensors(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    path = tmp_path / "one.safetensors"
    checkpoints.write(example(), path)
    tensors = load_file(path)
    assert set(tensors) == {
        *("parameters/b", "parameters/a/b", "best/b", "best/a/b"),
        *("state/0", "state/1", "state/2", "history", "facts/circuits", "facts/signal"),
    }
    np.testing.assert_array_equal(tensors["parameters/b"], example().parameters["b"])
    np.testing.assert_array_equal(tensors["state/2"], [1, 2])


def rewritten(change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """A file whose header and metadata were changed."""

    def change_file(data: bytes) -> bytes:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        rest = json.loads(header["__metadata__"]["qsac_checkpoint"])
        change(header, rest)
        if "__metadata__" in header:
            header["__metadata__"]["qsac_checkpoint"] = json.dumps(rest)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + length :]

    return change_file


def spoilt(name: str, value: float) -> Callable[[bytes], bytes]:
    """A file one of whose tensors begins with another number."""

    def change_file(data: bytes) -> bytes:
        (length,) = struct.unpack("<Q", data[:8])
        entry = json.loads(data[8 : 8 + length])[name]
        block = np.array([value], {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]).tobytes()
        start = 8 + length + entry["data_offsets"][0]
        return data[:start] + block + data[start + len(block) :]

    return change_file


DAMAGES: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("empty", lambda data: b"", "header"),
    ("short", lambda data: data[:20], "header"),
    ("no JSON", lambda data: data[:8] + b"x" * (len(data) - 8), "JSON"),
    ("cut", lambda data: data[:-1], "tensor"),
    ("longer header than file", lambda data: struct.pack("<Q", 2**40) + data[8:], "header"),
    ("no metadata", rewritten(lambda header, rest: header.pop("__metadata__")), "qsac_checkpoint"),
    ("version", rewritten(lambda header, rest: rest.update(version=0)), "lacks"),
    ("no seed", rewritten(lambda header, rest: rest.pop("seed")), "lacks"),
    ("seed of a kind", rewritten(lambda header, rest: rest.update(seed=True)), "lacks"),
    ("best epoch", rewritten(lambda header, rest: rest.update(best_epoch=3)), "epoch"),
    ("stopped", rewritten(lambda header, rest: rest.update(stopped="never")), "state"),
    ("metrics", rewritten(lambda header, rest: rest.update(metrics={"train": {"loss": "1"}})), "metrics"),
    ("metrics no object", rewritten(lambda header, rest: rest.update(metrics=3)), "metrics"),
    ("no history", rewritten(lambda header, rest: header.pop("history")), "history"),
    ("history of a shape", rewritten(lambda header, rest: header["history"].update(shape=[4, 2])), "history"),
    ("no state", rewritten(lambda header, rest: header.pop("state/0")), "state"),
    ("dtype", rewritten(lambda header, rest: header["best/b"].update(dtype="F16")), "best/b"),
    ("shape", rewritten(lambda header, rest: header["best/b"].update(shape=[2, 4])), "best/b"),
    ("huge shape", rewritten(lambda header, rest: header["best/b"].update(shape=[2**31] * 8)), "best/b"),
    ("negative shape", rewritten(lambda header, rest: header["best/b"].update(shape=[-2, -3])), "best/b"),
    ("offsets", rewritten(lambda header, rest: header["best/b"].update(data_offsets=[0, 2**30])), "best/b"),
    ("entry", rewritten(lambda header, rest: header.update({"best/b": 3})), "best/b"),
    ("NaN", spoilt("parameters/b", float("nan")), "finite"),
    ("infinity", spoilt("best/a/b", float("inf")), "finite"),
    ("facts of a shape", rewritten(lambda header, rest: header["facts/signal"].update(shape=[2, 1])), "facts"),
    ("infinite facts", spoilt("facts/circuits", float("inf")), "finite"),
    ("NaN in the history", spoilt("history", float("nan")), "finite"),
]


@pytest.mark.parametrize(("damage", "words"), [one[1:] for one in DAMAGES], ids=[one[0] for one in DAMAGES])
def test_a_damaged_checkpoint_is_refused(damage: Callable[[bytes], bytes], words: str, tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    checkpoints.write(example(), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InvalidInputError) as caught:
        checkpoints.read(path)
    assert caught.value.code == "train.damaged-checkpoint"
    assert caught.value.source == str(path)
    assert words in str(caught.value), str(caught.value)


def test_a_newer_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    checkpoints.write(example(), path)
    path.write_bytes(rewritten(lambda header, rest: rest.update(version=2))(path.read_bytes()))
    with pytest.raises(InvalidInputError, match="newer"):
        checkpoints.read(path)


def test_no_change_of_a_byte_is_a_surprise(tmp_path: Path) -> None:
    """Whatever the change, there is a checkpoint or a diagnostic."""
    path = tmp_path / "one.safetensors"
    checkpoints.write(example(), path)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        changed = bytearray(data)
        for place in rng.integers(0, len(data), size=rng.integers(1, 4)):
            changed[place] = rng.integers(0, 256)
        path.write_bytes(bytes(changed))
        try:
            checkpoints.read(path)
        except QsacError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"config": "e" * 64}, "another configuration"),
        ({"data": "e" * 64}, "other data"),
        ({"parameters": {"b": np.zeros((2, 3))}}, "other parameters"),
        ({"parameters": {"b": np.zeros((2, 3), np.float32), "c": np.zeros(())}}, "other parameters"),
        ({"best": {}}, "other parameters"),
        ({"state": []}, "another optimiser"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(change: dict[str, Any], found: str, tmp_path: Path) -> None:
    own = example()
    checkpoints.check(own, tmp_path, own.config, own.data, own.parameters, own.state)
    other = Checkpoint(**{**vars(own), **change})
    with pytest.raises(InvalidInputError) as caught:
        checkpoints.check(other, tmp_path, own.config, own.data, own.parameters, own.state)
    assert caught.value.code == "train.other-checkpoint"
    assert found in str(caught.value.found)

"""Arrays of trained models: from files of two formats, from Python, and never from a pickle."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.tokens.npz import read_npz
from qsac.files import limits
from qsac.importing.weights import GivenWeights, WeightFile, weights_of
from tests.importing.trained import Arrays, gpt2


class Tensor:
    """What of PyTorch's tensors an import asks for, and no more: no __array__."""

    def __init__(self, values: Any, kind: str = "float32") -> None:
        self.values, self.kind, self.steps = np.asarray(values), kind, []

    def detach(self) -> "Tensor":
        self.steps.append("detach")
        return self

    def cpu(self) -> "Tensor":
        assert self.steps[-1] == "detach"
        self.steps.append("cpu")
        return self

    def float(self) -> "Tensor":
        self.kind = "float32"
        return self

    def numpy(self) -> Any:
        assert self.steps[-1] == "cpu"
        if self.kind == "bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values.astype(np.float32)


def _saved(arrays: Arrays, path: Path) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        save_file({name: np.ascontiguousarray(values) for name, values in arrays.items()}, path)
    return path


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors", "W.NPZ"])
def test_files_give_every_array(tmp_path: Path, name: str) -> None:
    arrays = gpt2()
    found = WeightFile(_saved(arrays, tmp_path / name)) if name != "W.NPZ" else None
    if found is None:
        with (tmp_path / name).open("wb") as stream:
            np.savez(stream, **arrays)
        found = WeightFile(tmp_path / name)
    assert set(found) == set(arrays)
    assert len(found) == len(arrays) > 10
    for part, values in arrays.items():
        assert found[part].dtype == np.float64
        assert np.array_equal(found[part], values)
    with pytest.raises(KeyError):
        found["wte"]


def test_arrays_are_read_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = WeightFile(_saved(gpt2(), tmp_path / "w.npz"))
    read = []
    monkeypatch.setattr(found, "_read", lambda file: read.append(file.array) or read_npz(file))
    assert "ln_f.bias" in found
    assert read == []
    assert found["ln_f.bias"].shape == (4,)
    assert read == ["ln_f.bias"]


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "i4"])
def test_numbers_of_other_types(tmp_path: Path, dtype: str) -> None:
    values = np.array([[1, -2], [3, 0]]).astype(dtype)
    np.savez(tmp_path / "w.npz", values)
    assert np.array_equal(WeightFile(tmp_path / "w.npz")["arr_0"], [[1, -2], [3, 0]])


def test_tensors_are_detached_and_brought_to_the_cpu() -> None:
    given = {"a": Tensor([[1.5, 2]]), "b": Tensor([0.5], "bfloat16"), "c": [[1, 2]], "d": np.ones(3, "f2")}
    found = weights_of(given)
    assert np.array_equal(found["a"], [[1.5, 2]])
    assert np.array_equal(found["b"], [0.5])
    assert given["a"].steps == ["detach", "cpu"]
    assert np.array_equal(found["c"], [[1, 2]])
    assert found["d"].dtype == np.float64
    assert weights_of(found) is found


@pytest.mark.parametrize("suffix", [".pt", ".bin", ".pkl", ".ckpt"])
def test_pickles_are_not_read(tmp_path: Path, suffix: str) -> None:
    place = tmp_path / f"w{suffix}"
    place.write_bytes(pickle.dumps(gpt2()))
    with pytest.raises(InvalidInputError, match="a pickle is not read") as caught:
        WeightFile(place)
    assert caught.value.code == "import.unknown-file-kind"
    assert caught.value.source == str(place)
    assert "safetensors" in str(caught.value)


def test_pickled_objects_in_an_archive_are_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", a=np.array([{"x": 1}], dtype=object))
    with pytest.raises(InvalidInputError, match="file of weights does not hold numbers") as caught:
        WeightFile(tmp_path / "w.npz")["a"]
    assert caught.value.code == "array.not-numbers"


def test_damaged_files(tmp_path: Path) -> None:
    for name in ("w.npz", "w.safetensors"):
        (tmp_path / name).write_bytes(b"no archive, and no header either")
        with pytest.raises(InvalidInputError, match="the file of weights is damaged") as caught:
            WeightFile(tmp_path / name)
        assert caught.value.code == "tokens.damaged-file"
        assert caught.value.source == str(tmp_path / name)
    whole = _saved(gpt2(), tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(whole[: len(whole) // 2])
    found = WeightFile(tmp_path / "w.safetensors")
    with pytest.raises(InvalidInputError, match="damaged"):
        [found[name] for name in found]


def test_missing_files_and_folders(tmp_path: Path) -> None:
    _saved(gpt2(), tmp_path / "weights.npz")
    with pytest.raises(InvalidInputError, match="does not exist") as caught:
        WeightFile(tmp_path / "weight.npz")
    assert caught.value.help == 'did you mean "weights.npz"?'
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InvalidInputError) as caught:
        WeightFile(tmp_path / "folder.npz")
    assert caught.value.code in ("file.not-a-file", "file.unreadable")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"a": [[np.nan, 1]]}, "number.not-finite"),
        ({"a": np.array(["x"])}, "array.not-numbers"),
        ({"a": [[1, 2], [3]]}, "array.unreadable"),
        ({"a": np.zeros((2, 2, 3))}, "array.wrong-shape"),
        ({"a": np.float64(3)}, "array.wrong-shape"),
        ({"a": np.broadcast_to(0.0, (2**17, 2**5))}, "capacity.sequence-too-long"),
    ],
)
def test_what_is_no_array_of_weights(given: Any, code: str) -> None:
    with pytest.raises((InvalidInputError, DoesNotFitError)) as caught:
        GivenWeights(given)["a"]
    assert caught.value.code == code


def test_sizes_are_checked_before_numbers_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = _saved(gpt2(), tmp_path / "w.npz")
    monkeypatch.setattr(limits, "TOKEN_FILE_BYTES", 100)
    with pytest.raises(DoesNotFitError, match="too large"):
        WeightFile(place)


def test_what_weights_are() -> None:
    with pytest.raises(InvalidInputError, match="the weights must be arrays by name") as caught:
        weights_of(3)
    assert caught.value.code == "option.wrong-type"
    with pytest.raises(InvalidInputError, match="not a text"):
        weights_of({3: [1]})

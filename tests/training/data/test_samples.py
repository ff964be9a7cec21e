"""Labelled samples from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.training.data.contract import Data
from qsac.training.data.samples import fields, make


def made(folder: Path, name: str, **given: Any) -> Data:
    return make(fields.model_validate({"type": "samples", "path": name, **given}), given.get("seed", 0), folder)


def written(folder: Path, document: Any) -> Path:
    (folder / "samples.json").write_text(json.dumps(document))
    return folder


ROWS = [[0.5, 1.0], [1.5, -2.0], [2.5, 3.0], [3.5, -4.0], [4.5, 5.0]]
NAMES = ["b", "a", "b", "a", "c"]


def pairs(data: Data) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in np.concatenate([data.train, data.test]).tolist()}


def test_the_same_samples_in_every_kind_of_file(tmp_path: Path) -> None:
    written(tmp_path, {"inputs": ROWS, "targets": NAMES})
    lines = [",".join(map(str, [*row, name])) for row, name in zip(ROWS, NAMES, strict=True)]
    (tmp_path / "plain.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "headed.csv").write_text("\n".join(["x,y,name", *lines]) + "\n")
    np.savez(tmp_path / "arrays.npz", inputs=np.array(ROWS), targets=np.array([1, 0, 1, 0, 2]))
    found = [made(tmp_path, name) for name in ("samples.json", "plain.csv", "headed.csv", "arrays.npz")]
    assert all(np.array_equal(one.train, found[0].train) for one in found)
    assert pairs(found[0]) == {(*row, "abc".index(name)) for row, name in zip(ROWS, NAMES, strict=True)}
    samples = found[1].given.samples
    assert samples is not None
    assert (samples.shape, samples.kind, samples.labels, samples.outcomes) == ((2,), "classes", ("a", "b", "c"), 3)
    assert samples.length == pytest.approx(np.sqrt(np.mean(np.sum(np.array(ROWS) ** 2, axis=1))), rel=0.05)
    assert found[0].given.probable
    assert len(found[0].train) == 4
    assert len(found[0].test) == 1


def test_the_seed_draws_the_order_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path, {"inputs": [[float(k)] for k in range(40)], "targets": [0, 1] * 20})
    first, again, other = (made(tmp_path, "samples.json", seed=seed) for seed in (1, 1, 2))
    assert first.digest == again.digest != other.digest
    assert pairs(first) == pairs(other)
    assert first.given == other.given
    fewer = made(tmp_path, "samples.json", train=10, test=3)
    assert (len(fewer.train), len(fewer.test)) == (10, 3)


def test_sequences_bits_and_numbers(tmp_path: Path) -> None:
    sequences = np.arange(24.0).reshape(4, 3, 2)
    data = made(
        written(tmp_path, {"inputs": sequences.tolist(), "targets": ["01", "11", "00", "10"]}),
        "samples.json",
        targets="bits",
    )
    samples = data.given.samples
    assert samples is not None
    assert (samples.shape, samples.width, samples.outcomes) == ((3, 2), 2, 4)
    inputs, targets = samples.parted(data.train)
    numbers = {0.0: 1, 6.0: 3, 12.0: 0, 18.0: 2}
    assert [numbers[one[0, 0]] for one in inputs] == targets.tolist()
    alone = made(written(tmp_path, {"targets": ["010", "110"] * 3}), "samples.json", targets="bits")
    assert alone.given.samples is not None
    assert alone.given.samples.shape == (0,)
    assert pairs(alone) == {(2.0,), (6.0,)}
    (tmp_path / "numbers.csv").write_text("1,2,3\n4,5,6\n7,8,9\n")
    several = made(tmp_path, "numbers.csv", targets="numbers", columns=2)
    assert several.given.samples is not None
    assert not several.given.probable
    _, targets = several.given.samples.parted(several.train)
    assert targets.shape == (2, 2)


@pytest.mark.parametrize(
    ("document", "given", "found"),
    [
        ([1, 2], {}, "a list"),
        ({"inputs": ROWS, "targets": NAMES, "labels": []}, {}, '"labels"'),
        ({"inputs": ROWS, "targets": NAMES[:3]}, {}, "5 inputs, 3 targets"),
        ({"inputs": [[1.0], [2.0, 3.0]], "targets": ["a", "b"]}, {}, "/inputs/1"),
        ({"inputs": [[1.0], ["2"]], "targets": ["a", "b"]}, {}, "/inputs/1/0"),
        ({"inputs": ROWS, "targets": ["a"] * 5}, {}, "1 class"),
        ({"inputs": ROWS, "targets": [0, 1, 0.5, 1, 0]}, {}, "0.5 as target 2"),
        ({"inputs": ROWS, "targets": ["01", "1", "0", "1", "0"]}, {"targets": "bits"}, "strings of 2 and 1 bits"),
        ({"inputs": ROWS, "targets": ["2"] * 5}, {"targets": "bits"}, "as target 0"),
        ({"inputs": ROWS, "targets": NAMES}, {"targets": "numbers"}, "/targets/0/0"),
        ({"inputs": ROWS[:1], "targets": ["a"]}, {}, "1 sample"),
    ],
)
def test_what_is_no_list_of_samples(document: Any, given: dict[str, Any], found: str, tmp_path: Path) -> None:
    written(tmp_path, document)
    with pytest.raises(InvalidInputError) as error:
        made(tmp_path, "samples.json", **given)
    assert (error.value.code, error.value.pointer) == ("data.no-samples", "/data/path")
    assert found in (error.value.found or "")


def test_lines_and_arrays_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("1,2,a\n1,b\n")
    (tmp_path / "words.csv").write_text("1,2,a\n1,x,b\n")
    np.save(tmp_path / "one.npy", np.ones((3, 2)))
    for name, found in (("ragged.csv", "line 2"), ("words.csv", '"x" in line 2'), ("one.npy", "one.npy")):
        with pytest.raises(InvalidInputError) as error:
            made(tmp_path, name)
        assert error.value.code == "data.no-samples"
        assert found in (error.value.found or "")

"""Splits of labelled samples: which of them are trained on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.training.data.contract import Data
from qsac.training.data.samples import SamplesFields, make

PARTS = [0, 1, 2, 0, 1, 0, 2, 0]


def _made(folder: Path, name: str, **fields: Any) -> Data:
    return make(SamplesFields(type="samples", path=name, **fields), 0, folder)


@pytest.mark.parametrize("name", ["samples.json", "samples.npz"])
def test_a_file_says_what_is_for_testing(name: str, tmp_path: Path) -> None:
    inputs = np.arange(16.0).reshape(8, 2)
    targets = [place % 2 for place in range(8)]
    if name.endswith(".json"):
        document = {"inputs": inputs.tolist(), "targets": targets, "split": PARTS}
        (tmp_path / name).write_text(json.dumps(document))
    else:
        np.savez(tmp_path / name, inputs=inputs, targets=targets, split=np.array(PARTS, dtype=np.int8))
    for seed in range(3):
        made = make(SamplesFields(type="samples", path=name), seed, tmp_path)
        assert sorted(made.test[:, 0]) == [2.0, 8.0]
        assert sorted(made.train[:, 0]) == [0.0, 4.0, 6.0, 10.0, 12.0, 14.0]
    assert len(_made(tmp_path, name, train=2, test=1).train) == 2


def test_without_a_split_a_share_is_for_testing(tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", inputs=np.arange(20.0).reshape(10, 2), targets=[0, 1] * 5)
    made = _made(tmp_path, "samples.npz", test_share=0.3)
    assert (len(made.train), len(made.test)) == (7, 3)
    assert not {*made.train[:, 0]} & {*made.test[:, 0]}


@pytest.mark.parametrize(
    ("split", "found"),
    [
        ([0, 1], "2 parts for 4 samples"),
        ([0, 1, 3, 0], "other entries"),
        ([0, 1, 0.5, 0], "other entries"),
        ([0, "1", 0, 0], "other entries"),
        ([0, 2, 0, 0], "tests none or all"),
        ([1, 1, 1, 1], "tests none or all"),
        (7, "other entries"),
    ],
)
def test_splits_that_are_none_are_refused(split: object, found: str, tmp_path: Path) -> None:
    document = {"inputs": [[0.0], [1.0], [2.0], [3.0]], "targets": [0, 1, 0, 1], "split": split}
    (tmp_path / "samples.json").write_text(json.dumps(document))
    with pytest.raises(InvalidInputError) as caught:
        _made(tmp_path, "samples.json")
    assert caught.value.code == "data.no-samples"
    assert found in str(caught.value.found)
    assert caught.value.pointer == "/data/path"

"""docs/training-data.md: its examples make data, and it names every kind."""

import json
import re
import shutil
from pathlib import Path

import numpy as np

from qsac.training.data.making import data_of, kinds

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_every_example_makes_data(tmp_path: Path) -> None:
    page = (DOCS / "training-data.md").read_text(encoding="utf-8")
    shutil.copy(DOCS / "examples" / "genesis.txt", tmp_path)
    np.save(tmp_path / "series.npy", np.random.default_rng(0).normal(size=(200, 2)).cumsum(axis=0))
    (tmp_path / "samples.json").write_text(json.dumps({"inputs": [[0.1], [0.2], [0.4]], "targets": ["a", "b", "a"]}))
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert {example["type"] for example in examples} == set(kinds())
    for example in examples:
        data = data_of(kinds()[example["type"]].fields.model_validate(example), 0, tmp_path)
        assert len(data.train) > len(data.test) > 0
    assert all(f"<!-- fields of {kind} -->" in page for kind in kinds())


def test_the_example_configuration_has_its_data() -> None:
    config = json.loads((DOCS / "examples" / "train-text.json").read_text(encoding="utf-8"))
    data = data_of(kinds()["text"].fields.model_validate(config["data"]), 0, DOCS / "examples")
    assert data.given.labels is not None
    assert len(data.given.labels) >= config["model"]["tokens"]["dimension"]
    assert len(data.train) > 1000

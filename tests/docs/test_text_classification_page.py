"""docs/text-classification.md: its model file, its arrays and its names are those of the code."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import qsac
from qsac.text import baselines
from qsac.text.encoders.finding import encoder_names
from tests.bench.text_classification import hybrid, parameters

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "text-classification.md").read_text(encoding="utf-8")


def test_the_model_file_is_the_one_that_is_measured() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert json.loads(block) == hybrid(16, 2)
    assert f"{parameters(16, 2)} numbers are trained" in PAGE


def test_angles_begin_where_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """pi/2 plus a standard deviation of 0.3: the inputs of the circuit, as the contract draws the weights."""
    monkeypatch.chdir(DOCS.parent)
    vectors, _ = qsac.features("docs/examples/sentences.csv").part("train")
    linear = hybrid(16, 2)["steps"][0]
    init = linear["weight"]
    spreads = []
    for seed in range(20):
        weight = np.random.default_rng(seed).normal(0, init["scale"], (4, 16))
        angles = vectors @ weight.T + np.array(linear["bias"])
        assert np.abs(angles.mean(axis=0) - np.pi / 2).max() < 1e-9
        spreads.append(angles.std())
    assert 0.25 < np.mean(spreads) < 0.35


def test_every_array_and_encoder_is_described(tmp_path: Path) -> None:
    found = qsac.features(DOCS / "examples" / "sentences.csv")
    found.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        assert [name for name in archive if f"`{name}`" not in PAGE] == []
        assert len(archive.files) == 9
    assert [name for name in encoder_names() if f"| `{name}`" not in PAGE] == []
    functions = [name for name in baselines.__all__ if name.islower()]
    assert [name for name in functions if f"`{name}(" not in PAGE] == []

"""docs/steps-training.md: its configuration trains, its examples print what they say, its signatures are real."""

from __future__ import annotations

import contextlib
import io
import json
import re
from importlib import import_module
from pathlib import Path

import pytest

import qsac
from qsac.training.running import train
from tests.docs.test_frameworks_page import blocks_print, signature
from tests.families.steps.training_of_steps import halves

TEXT = (Path(__file__).parents[2] / "docs" / "steps-training.md").read_text(encoding="utf-8")


def test_the_configuration_trains(tmp_path: Path) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "samples.json").write_text(json.dumps(halves(40)))
    (tmp_path / "train.json").write_text(json.dumps({**json.loads(block), "epochs": 2, "seeds": 1}))
    run = train(tmp_path / "train.json")
    assert set(run.seeds[0].metrics["test"]) == {"cross_entropy", "accuracy", "ln_success"}


def test_the_objective_is_one() -> None:
    from qsac.training.reading import load

    objective = json.loads(re.findall(r'`"objective": (\{.*?\}\})`', TEXT)[0])
    model = {"steps": [{"type": "softmax"}]}
    data = {"type": "samples", "path": "samples.json", "targets": "bits"}
    assert load({"qsac_train": 1, "model": model, "data": data, "objective": objective}).objective is not None


def test_the_examples_print_what_they_say() -> None:
    pytest.importorskip("pennylane")
    with contextlib.redirect_stderr(io.StringIO()):
        blocks_print(TEXT, 9)


def test_the_functions_are_described() -> None:
    pytest.importorskip("pennylane")
    assert f"`from_circuit{signature(qsac.from_circuit)}`" in TEXT
    for name in ("from_tape", "to_qnode"):
        assert f"`qsac.pennylane.{name}{signature(getattr(qsac.pennylane, name))}`" in TEXT


@pytest.mark.frameworks
def test_the_module_for_torch_is_described() -> None:
    import_module("torch")
    assert f"`qsac.torch.QuantumLayer{signature(qsac.torch.QuantumLayer)}`" in TEXT

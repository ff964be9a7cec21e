"""What a model from standard input is written to: a file called after it, and after it only."""

import json
from collections.abc import Callable
from pathlib import Path

from qsac.cli.main import run
from tests.cli.conftest import MODELS, SMALL

GivesInput = Callable[[bytes], None]


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {f"{name}.json" for name in MODELS}


NAMES = {
    "ψ & more": "ψ-more",
    "ψ": "ψ",
    "данные": "данные",
    "данные-2": "данные-2",
    "मन": "मन",
    "मनु": "मनु",
    "模型": "模型",
    "model": "model",
}


def test_standard_input_is_called_after_the_model(folder: Path, standard_input: GivesInput) -> None:
    for name in NAMES:
        standard_input(json.dumps(SMALL | {"name": name}).encode())
        assert run(["compile", "-", "-q"]) == 0
    assert _files(folder) == {f"{stem}.qsac.json" for stem in NAMES.values()}


def test_names_that_are_no_names_of_files_keep_apart(folder: Path, standard_input: GivesInput) -> None:
    names = ["???", "!!!", "- -", "数" * 100, "数" * 99 + "字", "model"]
    for name in names:
        standard_input(json.dumps(SMALL | {"name": name}).encode())
        assert run(["compile", "-", "-q"]) == 0
    found = _files(folder)
    assert len(found) == len(names)
    assert "model.qsac.json" in found
    assert all(len(name.encode()) <= 255 for name in found)

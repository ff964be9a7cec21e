"""A folder with small models, and standard input with given bytes."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qsac.artifact.sealing import digest_of

IDENTITY = {"type": "identity"}
SMALL: dict[str, Any] = {
    "qsac": 1,
    "name": "small one",
    "tokens": {"type": "inline", "values": [[1, 0], [1, 1], [0, 2], [1, 3]]},
    "attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}, "value": IDENTITY, "score": IDENTITY},
}
TFIM = {"type": "tfim", "sites": 2, "context": 4, "dt": 0.35, "coupling": 1.0, "field": 0.8, "initial": "haar"}
ORTHOGONAL = {"type": "inline", "values": [[1, 0], [0, 1]]}
MODELS: dict[str, dict[str, Any]] = {
    "small": SMALL,
    "complex": SMALL
    | {
        "name": "complex",
        "tokens": TFIM,
        "attention": SMALL["attention"]
        | {
            "kernel": {"type": "polynomial", "coefficients": [0.5, -1, 0.25]},
            "value": {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal"}},
        },
    },
    # One position, and a token that its target is orthogonal to: the loss does not exist.
    "orthogonal": SMALL | {"name": "orthogonal", "tokens": ORTHOGONAL},
    "long": SMALL | {"name": "long", "tokens": TFIM | {"sites": 6, "context": 256}},
}


def sealed(document: dict[str, Any]) -> str:
    """The text of an artifact that somebody changed and gave the digest that it has to bear."""
    return json.dumps(document | {"digest": digest_of(document)})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with every model of MODELS as NAME.json."""
    for name, model in MODELS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(model), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QSAC_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def vendor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The vendor that every job is submitted to, with the models' folder."""
    from qsac.submission import submit
    from tests.submission.fake import FakeVendor

    fake = FakeVendor(folder / "vendor")
    monkeypatch.setattr(submit, "client", lambda _vendor, _machine: fake)
    return fake


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input as a terminal: what is to be spent is asked there."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)


@pytest.fixture
def standard_input(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Sets what standard input holds."""

    def give(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return give

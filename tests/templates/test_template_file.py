"""Template files: what is written is read again, and nothing else is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.artifact.sealing import digest_of
from qsac.errors import InvalidInputError, QsacError
from qsac.templates.template import Template, template
from tests.strategies import random_model
from tests.templates.test_templates import COMPLEX, tokens_of


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    template(COMPLEX).save(tmp_path / "shape.qsac-template.json")
    return tmp_path / "shape.qsac-template.json"


@pytest.mark.parametrize("seed", [0, 3, 5, 21, 41, 45])
def test_a_template_comes_back_from_its_file(seed: int, tmp_path: Path) -> None:
    made = template(random_model(seed), "statevector")
    made.save(tmp_path / "a.json")
    again = Template.load(tmp_path / "a.json")
    again.save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    tokens = tokens_of(made.model, np.random.default_rng(seed))
    assert again.bind(tokens, verify=False) == made.bind(tokens, verify=False)


def test_the_bytes_are_the_same_in_another_process(saved: Path) -> None:
    code = (
        "import sys, json, qsac\n"
        "made = qsac.template(json.loads(sys.argv[1]))\n"
        "made.save(sys.argv[2])\n"
        "made.bind([[1, 2], [3, 4], [5, 6]]).save(sys.argv[3])\n"
    )
    others = [saved.with_name(name) for name in ("other-template", "other")]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", code, json.dumps(COMPLEX), *map(str, others)]
    subprocess.run(command, check=True, env=environment)
    assert others[0].read_bytes() == saved.read_bytes()
    assert others[1].read_text() == Template.load(saved).bind([[1, 2], [3, 4], [5, 6]]).to_json()


def _changed(saved: Path, change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(saved.read_text())
    change(document)
    saved.write_text(json.dumps(document | {"digest": digest_of(document)}))
    with pytest.raises(QsacError) as caught:
        Template.load(saved)
    assert caught.value.source == str(saved)
    assert caught.value.exit_code in (2, 3)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.pop("qsac_template"), "this is not a qsac template"),
        (lambda d: d.update(qsac_template=True), "this is not a qsac template"),
        (lambda d: d.update(qsac_template=2), "compiled by another version"),
        (lambda d: d.update(compiler="0.0.1"), "compiled by another version"),
        (lambda d: d.update(sha256="0" * 64), "model was changed after compiling"),
        (lambda d: d["model"].update(name=""), "/model/name"),
        (lambda d: d["target"].update(qubits=7), "the template's target is not as qsac knows it"),
        (lambda d: d["target"].update(name="h9"), "unknown target"),
        (lambda d: d.update(options={}), "the template is damaged"),
        (lambda d: d["options"].update(seed="a"), "the template is damaged"),
        (lambda d: d["options"].update(error_budget=0.5), "the template is damaged"),
        (lambda d: d["options"].update(passes="evolve-tokens"), "the template is damaged"),
        (lambda d: d.update(ir=d["blocks"]), "the template is damaged"),
        (lambda d: d.update(ir="qsac-ir 1\nnonsense"), "the IR text cannot be read"),
        (lambda d: d.update(ir=d["ir"].replace("op project", "op load-tokens", 1)), "the IR text cannot be read"),
        (lambda d: d.update(blocks=d["blocks"].replace("slots=[0]", "slots=[99]")), "the template is damaged"),
        (lambda d: d.update(blocks=d["blocks"].replace("slots=[0]", "slots=[1]")), "the template is damaged"),
        (lambda d: d.update(derivations={"context": {}, "no": {}}), "the template is damaged"),
        (lambda d: d.update(derivations={"context": {"operation": "no", "sources": []}}), "the template is damaged"),
        (lambda d: d.update(derivations={"context": _turned(how="no")}), "the template is damaged"),
        (lambda d: d.update(derivations={"context": _turned(sources=["context"])}), "the template is damaged"),
        (lambda d: d.update(derivations={"context": _turned(sources=["context", 3])}), "the template is damaged"),
        (lambda d: d.update(derivations={"context": _turned(sources=["no", "value"])}), "the template is damaged"),
        (lambda d: d.update(derivations={"context": _turned(rotations=["r"])}), "the template is damaged"),
        (lambda d: d.update(passes=[{"name": 1}]), "the template is damaged"),
    ],
)
def test_damaged_files_are_refused(saved: Path, change: Callable[[dict[str, Any]], object], said: str) -> None:
    assert said in _changed(saved, change)


def _turned(**fields: Any) -> dict[str, Any]:
    whole = {"operation": "turned", "how": "load", "form": "hardware-efficient", "rotations": ["rx", "ry", "rz"]}
    return {**whole, "sources": ["context", "value"], **fields}


def test_a_template_that_would_not_fit_into_memory_is_refused(saved: Path) -> None:
    def enlarge(document: dict[str, Any]) -> None:
        document["ir"] = document["ir"].replace("register query 1", "register query 40")
        document["ir"] = "\n".join(
            line for line in document["ir"].split("\n") if "prepare-indices" not in line and "uniform" not in line
        )

    assert _changed(saved, enlarge)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff", b'{"qsac": 1}', b"{" * 100_000])
def test_what_is_no_template(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    with pytest.raises(InvalidInputError):
        Template.load(saved)

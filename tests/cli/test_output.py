"""Outputs whose name nobody chose replace what qsac wrote, and nothing else."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from tests.cli.conftest import MODELS, SMALL

Captured = pytest.CaptureFixture[str]


def _files(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} - {f"{name}.json" for name in MODELS}


OTHERS: dict[str, bytes] = {
    "empty": b"",
    "notes": b"what I found out",
    "model": json.dumps(SMALL).encode(),
    "results": b'{"target": "h2", "qsac_artifact": 1, "metrics": {}}',
    "list": b'[{"qsac_artifact": 1, "model": {}}]',
    "version alone": b'{"qsac_artifact": 1}',
    "text": b'{"qsac_artifact": "1", "model": {}}',
    "late": b" " * 5000 + b'{"qsac_artifact": 1, "model": {}}',
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.parametrize("template", [False, True])
def test_a_name_that_nobody_chose_replaces_only_what_qsac_wrote(
    content: bytes, template: bool, folder: Path, capsys: Captured
) -> None:
    option = ["--template"] if template else []
    place = folder / ("small.qsac-template.json" if template else "small.qsac.json")
    place.write_bytes(content)
    assert run(["compile", "small.json", *option]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: the output would replace a file that qsac did not write [output.foreign-file]\n")
    assert f"-o {place.name} replaces it all the same" in said.err
    assert place.read_bytes() == content
    assert run(["compile", "small.json", "-q", "-o", place.name, *option]) == 0
    ours = place.read_bytes()
    assert ours != content
    assert run(["compile", "small.json", "-q", "-O0", *option]) == 0
    assert place.read_bytes() != ours


def test_an_artifact_that_another_program_laid_out_is_still_one(folder: Path) -> None:
    assert run(["compile", "small.json", "-q"]) == 0
    ours = (folder / "small.qsac.json").read_text()
    (folder / "small.qsac.json").write_text(json.dumps(json.loads(ours), indent=2))
    assert run(["compile", "small.json", "-q"]) == 0
    assert (folder / "small.qsac.json").read_text() == ours


def test_pipes_folders_and_links_have_names_that_nobody_chose(folder: Path, capsys: Captured) -> None:
    place = folder / "small.qsac.json"
    for make, found in (
        (lambda: os.mkfifo(place), "a pipe, socket or device"),
        (lambda: place.symlink_to(folder / "nothing"), "a link to a file that does not exist"),
        (lambda: place.symlink_to(folder / "small.json"), "another file"),
    ):
        make()
        assert run(["compile", "small.json"]) == 2
        assert found in capsys.readouterr().err or found == "another file"
        assert not (folder / "nothing").exists()
        assert json.loads((folder / "small.json").read_text()) == SMALL
        place.unlink()
    place.mkdir()
    assert run(["compile", "small.json"]) == 2
    assert list(place.iterdir()) == []


def test_what_came_there_while_compiling_is_not_replaced(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = qsac.Compiled.parts

    def slow(self: qsac.Compiled) -> Any:
        (folder / "small.qsac.json").write_text("mine")
        return inner(self)

    monkeypatch.setattr(qsac.Compiled, "parts", slow)
    assert run(["compile", "small.json"]) == 2
    assert "a file that qsac did not write" in capsys.readouterr().err
    assert (folder / "small.qsac.json").read_text() == "mine"
    assert _files(folder) == {"small.qsac.json"}


def test_bind_replaces_only_what_qsac_wrote(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "complex.json", "--template", "-q"]) == 0
    Path("complex.qsac.json").write_text("mine")
    assert run(["bind", "complex.qsac-template.json"]) == 2
    assert "a file that qsac did not write" in capsys.readouterr().err
    assert Path("complex.qsac.json").read_text() == "mine"
    assert run(["bind", "complex.qsac-template.json", "-q", "-o", "complex.qsac.json"]) == 0
    assert run(["bind", "complex.qsac-template.json", "-q"]) == 0
    assert qsac.Compiled.load("complex.qsac.json").model == qsac.load("complex.json")

"""Names of outputs that are as long as a file system takes, and longer."""

import json
import os
from pathlib import Path

import pytest

from qsac.cli.main import run
from qsac.errors import InvalidInputError
from qsac.files.writing import write_file, write_whole
from tests.cli.conftest import SMALL

Captured = pytest.CaptureFixture[str]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
WEIGHTS = ["--heads", "1", "--sequence", "1,0,1"]

WRITERS = {
    "compile": ["compile", "small.json"],
    "template": ["compile", "small.json", "--template"],
    "form": ["compile", "small.json", "--emit", "qasm2"],
    "opt": ["opt", "small.ir"],
    "bind": ["bind", "small.qsac-template.json"],
    "reseal": ["verify", "small.qsac.json", "--reseal"],
    "import": ["import", str(EXAMPLES / "gpt2-markov.safetensors"), *WEIGHTS],
    "train": ["train", str(EXAMPLES / "train-ising.json"), "--epochs", "1"],
}


@pytest.fixture
def written(folder: Path) -> Path:
    assert run(["compile", "small.json", "-q"]) == 0
    assert run(["compile", "small.json", "--template", "-q"]) == 0
    assert run(["compile", "small.json", "--emit", "ir", "-o", "small.ir", "-q"]) == 0
    return folder


def test_every_writer_takes_what_the_system_takes_and_no_more(written: Path, capsys: Captured) -> None:
    most = os.pathconf(written, "PC_NAME_MAX")
    name, longer = "ä" * (most // 2 - 4) + "x" * (most % 2) + ".ab.json", "x" * (most + 1)
    assert len(name.encode()) == most
    capsys.readouterr()
    for called, command in WRITERS.items():
        if called != "train":  # it writes a folder
            assert run([*command, "-o", name]) == 0, called
            assert (written / name).is_file(), called
            (written / name).unlink()
        capsys.readouterr()
        files = sorted(written.iterdir())
        for place in (longer, f"{longer}/x.json"):
            assert run([*command, "-o", place]) == 2, called
            said = capsys.readouterr().err
            assert "[output.name-too-long]" in said or called == "train", called
            assert said.count("error: ") == 1
        assert sorted(written.iterdir()) == files, called


@pytest.mark.parametrize("ending", [".json", ".qsac-template.json"])
def test_default_names(ending: str, written: Path, capsys: Captured) -> None:
    most = os.pathconf(written, "PC_NAME_MAX")
    model = "m" * (most - len(".json")) + ".json"
    (written / model).write_text(json.dumps(SMALL))
    capsys.readouterr()
    options = ["--template"] if "template" in ending else []
    assert run(["compile", model, *options]) == 2
    assert "[output.name-too-long]" in capsys.readouterr().err
    assert run(["compile", model, *options, "-o", "short.json"]) == 0


def test_a_name_that_is_taken_is_replaced_through_a_shorter_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qsac.files.writing._without_name", lambda *_: None)
    place = tmp_path / ("語" * 85)
    for text in ("old", "new"):
        write_whole(place, [text])
        assert place.read_text() == text
    assert list(tmp_path.iterdir()) == [place]
    write_file(place, [b"newer"])
    assert place.read_bytes() == b"newer"
    with pytest.raises(InvalidInputError) as refused:
        write_whole(tmp_path / ("語" * 86), ["text"])
    assert refused.value.code == "output.name-too-long"
    assert refused.value.found == "258 bytes"

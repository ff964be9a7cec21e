"""qsac compile --template, qsac bind, and the cache's options."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.artifact.cache import Cache
from qsac.artifact.compiled import Compiled
from qsac.cli.main import run
from qsac.families.reading import load

Captured = pytest.CaptureFixture[str]


def _said(arguments: list[str], capsys: Captured, code: int = 0) -> Any:
    capsys.readouterr()
    assert run(arguments) == code
    return capsys.readouterr()


@pytest.fixture
def template(folder: Path, capsys: Captured) -> str:
    out = _said(["compile", "complex.json", "--template"], capsys).out
    assert out.startswith("complex: compiled, verified against the closed form\n")
    assert out.endswith("template written to complex.qsac-template.json\n")
    return "complex.qsac-template.json"


def test_without_arguments_the_model_itself_is_bound(template: str, folder: Path, capsys: Captured) -> None:
    said = _said(["bind", template, "--target-is-none"], capsys, 2)
    assert said.err.startswith("error: no such option")
    said = _said(["bind", template], capsys)
    assert said.out.startswith("complex: compiled, verified against the closed form\n")
    assert said.out.endswith("artifact written to complex.qsac.json\n")
    compiled = Compiled.load("complex.qsac.json")
    assert compiled.model == load("complex.json")
    assert _said(["run", "complex.qsac.json"], capsys).out


@pytest.mark.parametrize("form", ["npy", "npz", "csv", "json"])
def test_tokens_from_a_file(form: str, template: str, folder: Path, capsys: Captured) -> None:
    rng = np.random.default_rng(4)
    tokens = np.round(rng.normal(size=(5, 4)) + 1j * rng.normal(size=(5, 4)), 3)
    name = f"tokens.{form}"
    if form == "npy":
        np.save(name, tokens)
    elif form == "npz":
        np.savez(name, tokens)
    elif form == "csv":
        Path(name).write_text("\n".join(",".join(str(entry).strip("()") for entry in row) for row in tokens))
    else:
        pairs = np.stack([tokens.real, tokens.imag], axis=-1).tolist()
        other = json.loads(Path("complex.json").read_text()) | {"tokens": {"type": "inline", "values": pairs}}
        Path(name).write_text(json.dumps(other))
    assert _said(["bind", template, "--tokens", str(folder / name), "-o", "out.json", "-q"], capsys).out == ""
    np.testing.assert_array_equal(Compiled.load("out.json").model.given_tokens, tokens)


def test_parameters_from_a_file(template: str, folder: Path, capsys: Captured) -> None:
    angles = np.round(np.random.default_rng(1).normal(size=(1, 2, 3)), 3).tolist()
    Path("parameters.json").write_text(json.dumps({"value": angles}))
    facts = json.loads(_said(["bind", template, "--parameters", "parameters.json", "--json"], capsys).out)
    assert facts["verified"] == {"how": "closed form", "tolerance": 1e-9}
    assert facts["options"]["template"] is True
    model = json.loads(Path("complex.json").read_text())
    model["attention"]["value"]["parameters"] = angles
    assert Compiled.load("complex.qsac.json").model == load(model)


@pytest.mark.parametrize("emit", ["ir", "tket", "qasm2", "qasm3", "qir"])
def test_other_forms(emit: str, template: str, capsys: Captured) -> None:
    assert _said(["bind", template, "--emit", emit, "--no-verify"], capsys).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["complex.json"], "this is not a qsac template"),
        (["none.json"], "there is no such file"),
        (["."], "this is a folder"),
        ([None, "--tokens", "none.npy"], "the token file does not exist"),
        ([None, "--tokens", "tokens.txt"], "the kind of the token file is not known"),
        ([None, "--tokens", "small.json"], "the tokens do not have the template's shape"),
        ([None, "--parameters", "small.json"], "there is no such parameter"),
        ([None, "--parameters", "list.json"], "the parameters are not a JSON object"),
        ([None, "--parameters", "none.json"], "there is no such file"),
        ([None, "-o", ""], "-o has no file name"),
        ([None, "-o", "complex.qsac-template.json"], "the output would replace the template"),
        ([None, "--tokens", "tokens.txt", "-o", "tokens.txt"], "the output would replace the file of tokens"),
        ([None, "--parameters", "list.json", "-o", "./list.json"], "the output would replace the file of parameters"),
        ([None, "-o", "-", "--json"], "--json and the output would both go to standard output"),
    ],
)
def test_mistakes(arguments: list[str | None], said: str, template: str, folder: Path, capsys: Captured) -> None:
    Path("list.json").write_text("[]")
    Path("tokens.txt").write_text("1")
    before = {entry.name for entry in folder.iterdir()}
    captured = _said(["bind", *(template if word is None else word for word in arguments)], capsys, 2)
    assert captured.out == ""
    assert captured.err.startswith(f"error: {said}")
    assert {entry.name for entry in folder.iterdir()} == before


@pytest.mark.parametrize(
    "options", [["--template", "--emit", "ir"], ["--template", "--error-budget", "0.1"], ["--no-fold"]]
)
def test_options_that_exclude_each_other(options: list[str], folder: Path, capsys: Captured) -> None:
    assert "--template" in _said(["compile", "complex.json", *options], capsys, 2).err


def test_unfolded(folder: Path, capsys: Captured) -> None:
    _said(["compile", "complex.json", "--template", "--no-fold", "-q"], capsys)
    out = _said(["bind", "complex.qsac-template.json", "--print-after-all"], capsys)
    assert "op apply-unitary" in out.err


# The cache


def test_a_second_compilation_says_the_same(folder: Path, cache_folder: Path, capsys: Captured) -> None:
    first = _said(["compile", "complex.json"], capsys)
    written = Path("complex.qsac.json").read_bytes()
    assert Cache().usage().entries == 1
    second = _said(["compile", "complex.json", "--timing"], capsys)
    assert second.out == first.out
    assert [line.split()[0] for line in second.err.splitlines()][:3] == ["load", "cache", "all"]
    assert Path("complex.qsac.json").read_bytes() == written


def test_no_cache(folder: Path, cache_folder: Path, capsys: Captured) -> None:
    _said(["compile", "complex.json", "--no-cache"], capsys)
    _said(["run", "complex.json", "--no-cache"], capsys)
    assert not cache_folder.exists()
    _said(["run", "complex.json"], capsys)
    assert Cache().usage().entries == 1
    assert str(Cache().folder) == os.environ["QSAC_CACHE_DIR"] == str(cache_folder)


def test_a_damaged_entry_is_a_warning(folder: Path, cache_folder: Path, capsys: Captured) -> None:
    _said(["compile", "complex.json"], capsys)
    (entry,) = cache_folder.glob("*/*")
    entry.write_bytes(b"")
    captured = _said(["compile", "complex.json", "-q"], capsys)
    assert captured.out == ""
    assert captured.err.startswith(f"warning: the cache entry {entry} is damaged")


def test_show_and_clear(folder: Path, cache_folder: Path, capsys: Captured) -> None:
    _said(["compile", "complex.json"], capsys)
    facts = json.loads(_said(["cache", "--json"], capsys).out)
    assert facts["folder"] == str(cache_folder)
    assert facts["entries"] == 1
    assert 0 < facts["bytes"] < facts["limit"]
    assert _said(["cache"], capsys).out.startswith(f"{cache_folder}: 1 entries, ")
    assert _said(["cache", "--clear"], capsys).out.startswith("removed 1 entries, ")
    assert json.loads(_said(["cache", "--clear", "--json"], capsys).out)["removed_entries"] == 0


def test_a_folder_of_other_files_is_no_cache(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "kept").mkdir()
    (home / "kept" / "notes").write_text("mine")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("QSAC_CACHE_DIR", "~/kept")
    for command in (["compile", "complex.json", "-q"], ["run", "complex.json"]):
        said = _said(command, capsys)
        (warning,) = (line for line in said.err.splitlines() if line.startswith("warning: the cache"))
        assert f"{home / 'kept'} holds other files, and no file .qsac-cache; it is not used: " in warning
    for command in (["cache"], ["cache", "--clear"], ["cache", "--clear", "--json"]):
        said = _said(command, capsys, 2)
        assert said.out == ""
        assert said.err.startswith(f"error: the cache folder {home / 'kept'} holds other files")
        assert "name a folder of its own in QSAC_CACHE_DIR" in said.err
    assert [path.name for path in (home / "kept").iterdir()] == ["notes"]
    monkeypatch.setenv("QSAC_CACHE_DIR", "~/new")
    _said(["compile", "complex.json", "-q"], capsys)
    assert (home / "new" / ".qsac-cache").is_file()
    assert _said(["cache", "--clear"], capsys).out.startswith("removed 1 entries, ")


@pytest.mark.usefixtures("folder")
def test_the_words_of_a_text(capsys: Captured) -> None:
    rows = [[0.6, 0.48], [0.8, -0.36], [0.0, 0.64], [0.0, -0.48]]
    tokens = {"type": "text", "words": ["to", "be", "or", "not"], "embedding": rows, "text": "to be or not"}
    model = json.loads(Path("small.json").read_text()) | {"name": "said", "tokens": tokens}
    Path("said.json").write_text(json.dumps(model))
    Path("other.json").write_text(json.dumps(model | {"tokens": {**tokens, "text": "not to be or"}}))
    Path("words.txt").write_text("not to be or\n")
    _said(["compile", "said.json", "--template"], capsys)
    for argument in ("words.txt", "other.json"):
        _said(["bind", "said.qsac-template.json", "--tokens", argument, "-o", "bound.json"], capsys)
        assert Compiled.load("bound.json").model == load(json.loads(Path("other.json").read_text()))

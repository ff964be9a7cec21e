"""`qsac view`: where the page goes, what it replaces, and what is refused."""

import json
import shutil
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from qsac.cli.main import run
from qsac.views.page.writing import BEGINNING
from tests.cli.conftest import sealed


@pytest.fixture
def artifact(folder: Path) -> Path:
    assert run(["compile", "small.json", "-q", "-o", "small.qsac.json"]) == 0
    return folder / "small.qsac.json"


def test_a_page_is_written_and_named(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", str(artifact)]) == 0
    text = Path("small.html").read_text(encoding="utf-8")
    assert text.startswith(BEGINNING)
    size = f"{len(text.encode()) / 1000:,.0f}"
    assert capsys.readouterr().out == f"page of {size} kB written to small.html\n"


def test_commands_name_the_file(artifact: Path) -> None:
    other = artifact.with_name("two words.json").absolute()
    shutil.copy(artifact, other)
    assert run(["view", str(other), "-o", "named.html", "-q"]) == 0
    text = Path("named.html").read_text(encoding="utf-8")
    assert "qsac run 'two words.json' --target statevector" in text
    assert str(other.parent) not in text


def test_a_default_name_replaces_only_a_page(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path("small.html")
    assert run(["view", str(artifact), "-q"]) == 0
    first = page.read_text(encoding="utf-8")
    assert run(["view", str(artifact), "-q"]) == 0
    assert page.read_text(encoding="utf-8") == first
    page.write_text("<!doctype html>\n<p>mine", encoding="utf-8")
    assert run(["view", str(artifact)]) == 2
    assert "[output.foreign-file]" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "<!doctype html>\n<p>mine"
    assert run(["view", str(artifact), "-q", "-o", "small.html"]) == 0
    assert page.read_text(encoding="utf-8") == first


def test_a_page_does_not_replace_its_artifact(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = artifact.read_bytes()
    Path("link.html").symlink_to(artifact)
    for place in (str(artifact), "link.html", ""):
        assert run(["view", str(artifact), "-o", place]) == 2
        assert "[usage.invalid]" in capsys.readouterr().err
    assert artifact.read_bytes() == before
    assert not Path("small.html").exists()


def test_standard_input_and_output(artifact: Path, standard_input: Any, capsys: pytest.CaptureFixture[str]) -> None:
    standard_input(artifact.read_bytes())
    assert run(["view", "-", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith(BEGINNING)
    standard_input(artifact.read_bytes())
    assert run(["view", "-", "-q"]) == 0
    assert Path("small-one.html").exists()


def test_a_changed_artifact_is_refused(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(artifact.read_text(encoding="utf-8"))
    document["stats"]["two_qubit_gates"] = 1
    artifact.write_text(json.dumps(document), encoding="utf-8")
    assert run(["view", str(artifact)]) == 2
    assert "digest" in capsys.readouterr().err
    assert not Path("small.html").exists()
    artifact.write_text(sealed({name: value for name, value in document.items() if name != "digest"}), encoding="utf-8")
    assert run(["view", str(artifact), "-q"]) == 0
    assert '"two_qubit_gates":1' not in Path("small.html").read_text(encoding="utf-8")


def test_broken_targets_and_options_are_named(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = json.loads(artifact.read_text(encoding="utf-8"))
    del whole["digest"]
    for field, value in (("target", {"name": "h2", "kind": "device"}), ("options", {"optimisation": 2})):
        artifact.write_text(sealed({**whole, field: value}), encoding="utf-8")
        assert run(["view", str(artifact)]) == 2
        assert f"/{field}" in capsys.readouterr().err


def test_a_browser_is_opened_if_asked(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def show(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    assert run(["view", str(artifact), "-q"]) == 0
    assert opened == []
    assert run(["view", str(artifact), "-q", "--open"]) == 0
    assert opened == [(artifact.parent / "small.html").as_uri()]
    assert run(["view", str(artifact), "-o", "-", "--open"]) == 2


def test_a_template_is_to_be_bound(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "small.json", "--template", "-q", "-o", "small.qsac-template.json"]) == 0
    assert run(["view", "small.qsac-template.json"]) == 2
    said = capsys.readouterr().err
    assert "found:  a template\n" in said
    assert "qsac bind TEMPLATE" in said

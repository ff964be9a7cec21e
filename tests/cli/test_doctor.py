"""`qsac doctor`: what is there, what is missing, and nothing changed."""

import json
import os
import sqlite3
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.artifact.cache import Cache
from qsac.cli.main import run
from qsac.views.installation import PURPOSES, _missing, _numbers, _state, installation
from tests.cli.conftest import SMALL

Captured = pytest.CaptureFixture[str]


def told(capsys: Captured, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["doctor", "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_this_installation_is_usable(capsys: Captured) -> None:
    found = told(capsys)
    assert found["usable"]
    assert {"click", "numpy", "pytket"} <= {package["name"] for package in found["packages"]}
    assert all(package["state"] == "in order" for package in found["packages"])
    extras = {extra["name"]: extra for extra in found["extras"]}
    assert set(extras) == set(metadata.metadata("qsac").get_all("Provides-Extra") or [])
    assert set(extras) <= set(PURPOSES)
    assert extras["train"]["command"] == "pip install 'qsac[train]'"
    assert run(["doctor"]) == 0
    assert capsys.readouterr().out.startswith(f"qsac {qsac.__version__} on Python ")


def test_missing_packages_and_extras_are_told(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    known = metadata.version
    gone = {"scipy", "optax"}

    def version(name: str) -> str:
        if name in gone:
            raise metadata.PackageNotFoundError(name)
        return "0.5" if name == "click" else known(name)

    monkeypatch.setattr(metadata, "version", version)
    found = told(capsys, code=1)
    assert not found["usable"]
    assert {one["name"]: one["state"] for one in found["packages"] if one["state"] != "in order"} == {
        "click": "too old",
        "scipy": "missing",
    }
    extras = {extra["name"]: extra for extra in found["extras"]}
    assert "optax" in extras["train"]["missing"]
    assert run(["doctor"]) == 1
    captured = capsys.readouterr()
    assert "not usable" in captured.out
    assert "pip install 'qsac[" in captured.out
    assert "qsac needs click, scipy" in captured.err


def test_the_cache_and_the_journals_are_looked_at_and_left_alone(
    own_folders: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(capsys)["stores"]
    assert [store["state"] for store in before] == ["not there yet"] * 3
    assert not own_folders.exists()
    qsac.compile(SMALL, verify=False, cache=Cache())
    from qsac.submission.journal import Journal

    compiled = qsac.compile(SMALL, "h2", verify=False)
    Journal().enter(compiled, "Quantinuum", "H2-1", 10, 1.0, "HQC")
    files = {path: path.stat().st_mtime_ns for path in own_folders.rglob("*") if path.is_file()}
    stores = {store["name"]: store for store in told(capsys)["stores"]}
    assert stores["cache"]["said"].startswith("1 programs, ")
    assert stores["journal of jobs"]["state"] == "in order"
    assert stores["journal of jobs"]["said"].startswith("1 jobs")
    assert {path: path.stat().st_mtime_ns for path in own_folders.rglob("*") if path.is_file()} == files
    journal = Path(os.environ["QSAC_DATA_DIR"]) / "jobs.sqlite"
    journal.write_bytes(b"not a database, whatever it is" * 100)
    (Path(os.environ["QSAC_DATA_DIR"]) / "training.sqlite").touch()
    monkeypatch.setenv("QSAC_CACHE_LIMIT", "many")
    found = told(capsys)
    assert [store["state"] for store in found["stores"]] == ["unusable"] * 3
    assert found["usable"]
    assert found["settings"]["QSAC_CACHE_LIMIT"] == "many"
    assert run(["doctor"]) == 0
    assert capsys.readouterr().err.count("is not in order") == 3


def test_other_packages_are_named(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, entries in (("acme", b"[qsac.passes]\npolish = acme:Polish\n"), ("broken", b"[[[\n\xff")):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_bytes(entries)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = told(capsys)
    assert found["foreign"]["acme 1.0"] == ["passes: polish"]
    assert found["damaged"] == ["broken 1.0"]


def test_versions_are_compared_as_numbers() -> None:
    assert _numbers("2.10") > _numbers("2.9.9")
    assert _numbers("3.0") == _numbers("3")
    assert _state("2.10.0rc1", ">=2.9") == "in order"
    assert _state("2.8", ">=2.9,<4") == "too old"
    assert _state(None, ">=1") == "missing"
    assert list(_missing(["nothing-of-this-name>=1; extra == 'x'", "click>=1; extra == 'x'"], "x")) == [
        "nothing-of-this-name"
    ]


def test_a_damaged_installation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", lost)
    found = installation("0")
    assert not found.usable
    assert found.packages[0].name == "qsac"
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT COUNT(*) FROM jobs")

"""Whoever does not ask for a broken package does not notice it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac import plugins
from qsac.cli.main import run
from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.options import Options
from qsac.errors import ExtensionError, InvalidInputError
from qsac.machine import registry as machines
from qsac.pipeline import registry
from qsac.pipeline.stages import Watch
from tests.extensions.elsewhere import MODULE, PASSES
from tests.extensions.installed import MODEL, Install
from tests.extensions.installed import compiled_with as _compile


@pytest.mark.usefixtures("elsewhere")
def test_passes_are_all_listed(capfd: pytest.CaptureFixture[str]) -> None:
    broken = {"no-apply", "no-level", "lets-choose", "absent", "odd"}
    assert run(["passes", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capfd.readouterr().out)}
    assert {name for name, row in rows.items() if "broken" in row} == broken
    assert rows.keys() >= {*PASSES, "choosy", "fold-unitaries"}
    assert rows["same"]["package"] == "elsewhere 1.2"
    assert rows["fold-unitaries"]["package"] is None
    assert run(["passes"]) == 0
    assert capfd.readouterr().out.count("broken: ") == len(broken)


@pytest.mark.parametrize(
    "module",
    [
        "raise ValueError('no')",
        "import sys\nsys.exit(1)",
        "def (",
        "import nowhere_at_all",
        "while True:\n    raise OSError",
    ],
)
def test_a_module_that_cannot_be_imported_costs_itself(install: Install, module: str) -> None:
    install("dead", "[qsac.passes]\none = dead_qsac:one\n[qsac.targets]\ntwo = dead_qsac:two\n", module)
    for ask, name in ((registry.pass_class, "one"), (machines.target, "two")):
        with pytest.raises(ExtensionError, match=f"{name}' of dead 1.2 cannot be loaded"):
            ask(name)
    assert run(["passes"]) == 0
    assert run(["targets"]) == 0
    assert _compile("fold-unitaries").verified


def test_two_packages_with_one_name_lose_that_name_only(install: Install, capfd: pytest.CaptureFixture[str]) -> None:
    for package in ("first", "second"):
        name = f"only-{package}"
        module = MODULE + f'\nonly = machine("{name}")\nshared = machine("shared")\n'
        install(package, f"[qsac.targets]\nshared = {package}_qsac:shared\n{name} = {package}_qsac:only\n", module)
    assert machines.target("only-first").name == "only-first"
    assert machines.target("only-second").name == "only-second"
    with pytest.raises(ExtensionError, match="more than one package offers the target 'shared'") as caught:
        machines.target("shared")
    assert "first 1.2" in str(caught.value)
    assert "second 1.2" in str(caught.value)
    assert run(["targets"]) == 0
    assert "more than one package" in capfd.readouterr().err
    assert _compile("fold-unitaries").verified


def test_entry_points_are_read_again_when_packages_come_or_go(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read: list[int] = []

    def counted(read_all: Callable[[], Any] = plugins.entry_points) -> Any:
        read.append(1)
        return read_all()

    monkeypatch.setattr(plugins, "entry_points", counted)
    for number, package in enumerate(("first", "second"), 1):
        install(package, f"[qsac.passes]\n{package} = {package}_qsac:same\n")
        names = [registry.pass_names() for _ in range(3)]
        assert all(package in found for found in names)
        assert len(read) == number
    shutil.rmtree(tmp_path / "first-1.2.dist-info")
    assert "first" not in registry.pass_names()
    assert "second" in registry.pass_names()


@pytest.mark.parametrize("entries", [b"[qsac.passes]\nno equals sign\n", b"\xff\xfe\x00[qsac.passes]\n"])
def test_damaged_entry_points_cost_their_package(
    install: Install, entries: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    install("damaged", entries)
    install("sound", "[qsac.passes]\nsame = sound_qsac:same\n")
    assert "same" in registry.pass_names()
    assert _compile("same").verified
    with pytest.raises(InvalidInputError, match=r"cannot be read: damaged 1\.2"):
        registry.pass_class("something")
    assert run(["passes"]) == 0
    assert "damaged 1.2" in capfd.readouterr().err


def test_a_package_without_name_and_version_is_called_by_its_folder(install: Install) -> None:
    install("nameless", "[qsac.passes]\none = nameless_qsac:one\n", metadata="Nothing: here\n")
    with pytest.raises(ExtensionError, match=r"of nameless-1\.2\.dist-info cannot be loaded"):
        registry.pass_class("one")


def test_what_foreign_code_says_cannot_steer_a_terminal(install: Install, capfd: pytest.CaptureFixture[str]) -> None:
    install(
        "loud", "[qsac.targets]\nloud = loud_qsac:loud\n", "def loud():\n    raise ValueError('\\x1b]0;title\\x07')\n"
    )
    assert run(["targets", "loud"]) == 4
    assert run(["targets"]) == 0
    captured = capfd.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "title" in captured.err


def test_targets_of_packages_are_told_apart_by_their_data_in_the_cache(install: Install) -> None:
    install("elsewhere", "[qsac.targets]\nroomy = elsewhere_qsac:roomy\n")
    machine = machines.target("roomy")
    keys = {
        Compilation(each, Options(), Watch(None), None).key(qsac.load(MODEL))
        for each in (machine, dataclasses.replace(machine, qubits=61), machines.target("roomy"))
    }
    assert len(keys) == 2
    assert None not in keys


def test_closed_streams_are_no_obstacle(install: Install) -> None:
    """The descriptors of stdout and stderr may be closed: there is nothing to divert then."""
    install("elsewhere", "[qsac.passes]\nsame = elsewhere_qsac:same\n")
    kept = os.dup(1), os.dup(2)
    try:
        os.close(1)
        os.close(2)
        compiled = _compile("same", verify=False)
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        os.close(kept[0])
        os.close(kept[1])
    assert compiled.circuits[0].two_qubit_gates


def test_a_damaged_package_does_not_keep_a_new_process_from_compiling(install: Install, tmp_path: Path) -> None:
    """Libraries look for their plugins while they are imported, and would fail on what is damaged."""
    install("damaged", "[qsac.passes]\nno equals sign\n")
    (tmp_path / "model.json").write_text(json.dumps(MODEL))
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), root)), "QSAC_CACHE_DIR": str(tmp_path)}
    command = ["compile", "model.json", "--no-cache", "-o", "out.qsac.json"]
    codes = f"from qsac.cli.main import run; print(run({command}), run({[*command, '--target', 'ibm-fez', '-O1']}))"
    done = subprocess.run(
        [sys.executable, "-c", codes], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "0 4", done.stderr
    assert (tmp_path / "out.qsac.json").exists()
    assert "damaged entry points of damaged 1.2" in done.stderr

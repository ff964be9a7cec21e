"""What is installed under which names, for the packages that look for it there."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module, metadata
from pathlib import Path

from qiskit.transpiler.passes.synthesis.plugin import high_level_synthesis_plugin_names
from qiskit.transpiler.preset_passmanagers.plugin import list_stage_plugins

from qsac.hosts.qiskit import METHODS

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WRITTEN = {group: PROJECT["entry-points"][group] for group in ("qiskit.synthesis", "qiskit.transpiler.init")}


def test_they_are_what_they_say() -> None:
    assert set(WRITTEN["qiskit.synthesis"]) == {f"{name}.qsac" for name in METHODS}
    for entries in WRITTEN.values():
        for value in entries.values():
            module, _, name = value.partition(":")
            assert callable(getattr(import_module(module), name))


def test_they_are_installed() -> None:
    """Else qsac was installed before they were written: install it again."""
    for group, entries in WRITTEN.items():
        found = {entry.name: entry.value for entry in metadata.entry_points(group=group)}
        assert entries.items() <= found.items()
    for name in METHODS:
        assert "qsac" in high_level_synthesis_plugin_names(name)
    assert "qsac" in list_stage_plugins("init")


def test_they_are_light() -> None:
    """Qiskit imports them whenever it transpiles: nothing of qsac that takes long comes with them."""
    code = (
        "import sys, qiskit.transpiler, qsac.hosts.qiskit; "
        "print([name for name in sys.modules if name.startswith('qsac.') and name.count('.') > 1 "
        "and not name.startswith('qsac.hosts')], 'qsac.synthesis' in sys.modules, 'pytket' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[] False False"

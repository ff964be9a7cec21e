"""Packages as an installer would leave them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.extensions.elsewhere import MODULE, PASSES, TARGETS
from tests.extensions.installed import Install


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts packages where Python looks for them, as an installer would leave them."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def one(package: str = "elsewhere", entries: str | bytes = "", module: str = MODULE, metadata: str = "") -> None:
        (tmp_path / f"{package}_qsac.py").write_text(module)
        monkeypatch.delitem(sys.modules, f"{package}_qsac", raising=False)
        info = tmp_path / f"{package}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(metadata or f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        content = entries.encode() if isinstance(entries, str) else entries
        (info / "entry_points.txt").write_bytes(content)
        sys.path_importer_cache.clear()

    return one


@pytest.fixture
def elsewhere(install: Install) -> None:
    """One package with everything in the module above."""
    lines = ["[qsac.passes]", *(f"{name} = elsewhere_qsac:{name.replace('-', '_')}" for name in PASSES)]
    lines += ["choosy = elsewhere_qsac:Choosy", "absent = elsewhere_qsac:absent", "odd = ???"]
    lines += ["[qsac.targets]", *(f"{name} = elsewhere_qsac:{name.replace('-', '_')}" for name in TARGETS)]
    install(entries="\n".join(lines))

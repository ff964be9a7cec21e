"""The package that brings a family, as an installer would leave it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ENTRY = "[qsac.families]\ncontrast = contrast_qsac:FAMILY\n"


def leave_package(folder: Path) -> None:
    """Leave the package in a folder."""
    shutil.copy(Path(__file__).parent / "contrast_qsac.py", folder)
    info = folder / "contrast_qsac-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: contrast-qsac\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contrast")
    leave_package(folder)
    return folder


@pytest.fixture
def contrast(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The family ``contrast`` can be used."""
    monkeypatch.syspath_prepend(str(package))
    yield
    sys.modules.pop("contrast_qsac", None)

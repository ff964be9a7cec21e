"""What, beside the input, decides the bytes that a compilation comes to: the code, and the libraries below it."""

from __future__ import annotations

import functools
import hashlib
import sys
from importlib import metadata
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "networkx", "pytket", "qiskit")
"""Libraries that compute angles, routes or gates."""


PACKAGE = Path(__file__).parents[1]
"""The folder of qsac's sources."""


@functools.cache
def fingerprint() -> str:
    """SHA-256 of the sources of qsac and of the versions of Python and :data:`LIBRARIES`, in hexadecimal."""
    digest = hashlib.sha256()
    folder = PACKAGE
    for path in sorted(
        [*folder.rglob("*.py"), *(folder / "passes").rglob("*.py"), *(folder / "targets").rglob("*.py")]
    ):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(f"python {sys.version_info[:3]}\0".encode())
    for name in LIBRARIES:
        digest.update(f"{name} {library_version(name)}\0".encode())
    return digest.hexdigest()


def library_version(name: str) -> str:
    """The installed version of a distribution, ``none`` where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def version() -> str:
    """The version of qsac: the installed one's, or of sources that are not installed that of their pyproject.toml."""
    try:
        return metadata.version("qsac")
    except metadata.PackageNotFoundError:
        return _version_of_sources(PACKAGE.parent / "pyproject.toml")


def _version_of_sources(project: Path) -> str:
    import tomllib

    try:
        described = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        return str(described["version"]) if described["name"] == "qsac" else "none"
    except (OSError, ValueError, KeyError, TypeError):
        return "none"

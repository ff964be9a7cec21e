"""The lock file answers pyproject.toml, and tells nothing about where it was made."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    named = [*PROJECT["project"]["dependencies"], *(text for extra in extras for text in extra)]
    return sorted({*named, *PROJECT["build-system"]["requires"]})


@pytest.mark.parametrize("text", requirements())
def test_lock_satisfies(text):
    requirement = Requirement(text)
    name = canonicalize_name(requirement.name)
    versions = re.findall(rf"^{re.escape(name)}==(\S+)", LOCK, re.MULTILINE)
    assert versions != [], "missing: run `make lock`"
    assert [version for version in versions if not requirement.specifier.contains(version)] == []


def test_lock_names_no_host():
    assert re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links", LOCK) == []


def test_lock_has_a_hash_for_every_version():
    pinned = re.findall(r"^[a-z][^\n]*\n(?: {4}\S[^\n]*\n)*", LOCK, re.MULTILINE)
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []

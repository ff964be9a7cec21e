"""The lock files answer pyproject.toml, and tell nothing about where they were made."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("requirements*.lock"))}

RUNTIME = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
EXTRAS = PROJECT["project"]["optional-dependencies"]
WANTED = {
    "requirements.lock": sorted({*RUNTIME, *(text for extra in EXTRAS.values() for text in extra)}),
    "requirements-runtime.lock": RUNTIME,
    "requirements-frameworks.lock": [*RUNTIME, *EXTRAS["dev"], *PROJECT["dependency-groups"]["frameworks"]],
}

every_lock = pytest.mark.parametrize("name", LOCKS)


def versions(name: str) -> dict[str, set[str]]:
    """Package -> its versions in a lock file, of which a Python version takes one."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", LOCKS[name], re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


def test_there_is_a_lock_for_users_one_for_developers_and_one_for_frameworks() -> None:
    assert set(LOCKS) == set(WANTED)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WANTED.items() for text in texts])
def test_lock_satisfies(name: str, text: str) -> None:
    requirement = Requirement(text)
    found = versions(name).get(canonicalize_name(requirement.name), set())
    assert found != set(), "missing: run `make lock`"
    assert {version for version in found if not requirement.specifier.contains(version)} == set()


def test_what_a_user_gets_is_what_the_tests_use_and_less() -> None:
    users, developers = versions("requirements-runtime.lock"), versions("requirements.lock")
    assert {name: found for name, found in users.items() if developers.get(name) != found} == {}
    assert len(users) < 0.7 * len(developers)
    assert {"pytest", "mypy", "ruff", "uv", "hypothesis"} & set(users) == set()


@every_lock
def test_lock_names_no_host(name: str) -> None:
    assert re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links", LOCKS[name]) == []


@every_lock
def test_lock_has_a_hash_for_every_version(name: str) -> None:
    pinned = re.findall(r"^[a-z][^\n]*\n(?: {4}\S[^\n]*\n)*", LOCKS[name], re.MULTILINE)
    assert len(pinned) >= len(versions(name)) > 30
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []

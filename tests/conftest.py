"""What all tests share. Kept light: it is imported by every worker, whatever it runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadlines: how long an example takes says more about the machine than about the code. In CI examples are always the
# same ones, so that a change is judged by what it changed.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A cache and a run journal of its own for each test, made when something is put there: never the user's."""
    folder = tmp_path_factory.getbasetemp() / "own" / str(abs(hash(request.node.nodeid)))
    before = {name: os.environ.get(name) for name in ("QSAC_CACHE_DIR", "QSAC_DATA_DIR")}
    for name in before:
        os.environ[name] = str(folder / name)
    yield folder
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture
def cache_folder(own_folders: Path) -> Path:
    """Where the test's cache is."""
    return own_folders / "QSAC_CACHE_DIR"


@pytest.fixture
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short search for places on a coupling graph: it finds other arrangements, not other kinds of them."""
    from qsac.layout import choice as layout
    from qsac.layout.search_budget import SearchBudget

    whole = layout.search_budget
    monkeypatch.setattr(layout, "search_budget", lambda *asked: whole(*asked) and SearchBudget(2, (2, 1), 1, 200))

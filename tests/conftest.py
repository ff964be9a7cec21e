"""What all tests share. Kept light: it is imported by every worker, whatever it runs."""

import gc
import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.cases import examples

# No deadlines: how long an example takes says more about the machine than about the code. In CI examples are always the
# same ones, so that a change is judged by what it changed.
settings.register_profile(
    "default", deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# Hypothesis also draws the constants that stand in modules of the project, those that happen to be imported by then:
# what a worker has run before, and every new module, would draw other examples. Older versions have no such constants.
if os.environ.get("CI") and hasattr(providers, "_get_local_constants"):
    NONE_OF_OURS = providers.Constants()
    providers._get_local_constants = lambda: NONE_OF_OURS


def _xla_flags() -> str:
    """Nothing is optimised and, from JAX 0.10 on, a function is compiled in one piece, which takes a seventh less. Only
    there, as XLA ends a process at a flag that it does not know. Without fusion emitters it is faster still, and some
    derivatives are no numbers."""
    flags = "--xla_backend_optimization_level=0"
    try:
        major, minor = metadata.version("jaxlib").split(".")[:2]
    except metadata.PackageNotFoundError:
        return flags
    known = (int(major), int(minor)) >= (0, 10)
    return f"{flags} --xla_cpu_parallel_codegen_split_count=1" if known else flags


# Most of a small training is XLA's compiling: for the tests it leaves out what it can, and what a process has compiled
# the others read, workers and commands alike (an entry is locked while it is written, for which JAX needs filelock).
SHARED_COMPILATIONS = {
    "XLA_FLAGS": _xla_flags(),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    "JAX_COMPILATION_CACHE_MAX_SIZE": str(2**30),
}
compilations = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """One folder of compiled functions for the run and all of its workers; and Ctrl-C for the commands that they start,
    also where a shell has started the run in the background, which ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput") or importlib.util.find_spec("filelock") is None:
        return
    folder = config.stash[compilations] = tempfile.mkdtemp(prefix="qsac-tests-")
    for name, value in ({"JAX_COMPILATION_CACHE_DIR": folder} | SHARED_COMPILATIONS).items():
        os.environ.setdefault(name, value)


def pytest_collection_finish() -> None:
    """What is collected stays to the end: Python need not look through it again for what may be freed."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def pytest_unconfigure(config: pytest.Config) -> None:
    _tell_of_browser_tests(config)
    if compilations in config.stash:
        shutil.rmtree(config.stash[compilations], ignore_errors=True)


def _tell_of_browser_tests(config: pytest.Config) -> None:
    """The last line says if the tests of pages in a browser did not run: a pass without them is less of one."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    reports = [] if reporter is None else reporter.stats.get("skipped", [])
    number = sum("test_browser" in report.nodeid for report in reports)
    if number:
        reporter.write_line(f"{number} browser tests were skipped: there is no Chromium (QSAC_CHROMIUM, PATH)")


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


@pytest.fixture(scope="session")
def chromium_process() -> Iterator[Any]:
    """The browser of all tests of a process: Playwright takes one."""
    from tests.views.page import chromium

    executable = chromium.found()
    required = os.environ.get(chromium.REQUIRED) == "required"
    if executable is None and not required:
        pytest.skip("no Chromium: install one, or name it in QSAC_CHROMIUM")
    assert executable is not None, "browser tests are required, and there is no Chromium (QSAC_CHROMIUM, PATH)"
    sync_api = (
        pytest.importorskip("playwright.sync_api") if not required else __import__("playwright.sync_api").sync_api
    )
    with sync_api.sync_playwright() as playwright:
        process = playwright.chromium.launch(executable_path=executable, args=chromium.SWITCHES)
        yield process
        process.close()

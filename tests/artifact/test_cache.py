"""The cache gives what a compilation would, whoever else uses it, or nothing."""

import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.artifact.cache import FOLDER_VARIABLE, LIMIT_VARIABLE, MARKER, Cache, CacheWarning, default_folder
from qsac.artifact.compiled import Compiled
from qsac.artifact.fingerprint import fingerprint
from qsac.compiler.compilation import compile as compile_model
from qsac.errors import InvalidInputError
from qsac.machine.registry import target
from tests.cases import ALL, seeds
from tests.strategies import random_model

TFIM = {"type": "tfim", "sites": 4, "context": 8, "dt": 0.35, "coupling": 1.0, "field": 0.8, "initial": "zero"}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def _same(found: Compiled, expected: Compiled) -> None:
    assert found.to_json() == expected.to_json()
    assert found.verified == expected.verified
    for one, other in zip(found.circuits, expected.circuits, strict=True):
        for name in ("kind", "first", "second", "angles"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
            assert getattr(one, name).dtype == getattr(other, name).dtype
        assert one.readouts == other.readouts
        assert one.snapshot == other.snapshot
        assert one.groups == other.groups


@pytest.mark.parametrize("seed", seeds(12, one_of=3))
@pytest.mark.parametrize("verify", [None, False])
def test_a_hit_is_what_was_compiled(seed: int, verify: bool | None, cache: Cache) -> None:
    model = random_model(seed)
    fresh = compile_model(model, "statevector", verify=verify)
    first = compile_model(model, "statevector", verify=verify, cache=cache)
    found = compile_model(model, "statevector", verify=verify, cache=cache)
    assert "emit" in first.timings
    assert set(found.timings) == {"load", "cache"}
    assert cache.usage().entries == 1
    _same(first, fresh)
    _same(found, fresh)


def test_a_routed_circuit_is_kept_too(cache: Cache) -> None:
    model = random_model(7)
    first = compile_model(model, "ibm-fez", cache=cache)
    _same(compile_model(model, "ibm-fez", cache=cache), first)


def _evolved(dt: float) -> dict[str, Any]:
    return random_model(1) | {"tokens": TFIM | {"dt": dt}}


@pytest.mark.parametrize(
    "options",
    [
        {"model": random_model(2)},
        {"model": random_model(1) | {"name": "another"}},
        {"target": "h2"},
        {"target": replace(target("h1"), qubits=19)},
        {"optimisation": 1},
        {"passes": "fold-unitaries"},
        {"seed": 1},
        {"error_budget": 0.1},
        {"qubits": 15},
        {"prefer": "depth"},
    ],
)
def test_whatever_may_change_the_bytes_is_part_of_the_key(options: dict[str, Any], cache: Cache) -> None:
    plain: dict[str, Any] = {"model": random_model(1), "target": "h1", "cache": cache}
    compile_model(**plain)
    compile_model(**plain | options)
    assert cache.usage().entries == 2


@pytest.mark.parametrize("first", [True, False, None])
@pytest.mark.parametrize("then", [True, False, None])
def test_what_is_written_does_not_depend_on_what_was_verified_before(
    first: bool | None, then: bool | None, cache: Cache
) -> None:
    fresh = compile_model(random_model(1), "h1", verify=then)
    compile_model(random_model(1), "h1", verify=first, cache=cache)
    again = compile_model(random_model(1), "h1", verify=then, cache=cache)
    assert cache.usage().entries == 1
    assert again.to_json() == fresh.to_json()


def test_where_tokens_come_from_is_part_of_the_key_where_it_counts(cache: Cache) -> None:
    evolved = _evolved(0.35)
    inline = compile_model(evolved, verify=False).model.canonical
    for model in (evolved, inline):
        compile_model(model, verify=False, cache=cache)
    assert cache.usage().entries == 1
    for model in (evolved, inline):
        compile_model(model, verify=False, error_budget=1e-3, cache=cache)
    assert cache.usage().entries == 3


def test_the_code_is_part_of_the_key(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_model(random_model(1), cache=cache)
    monkeypatch.setattr("qsac.compiler.circuit_compilation.fingerprint", lambda: "other code")
    compile_model(random_model(1), cache=cache)
    assert cache.usage().entries == 2
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 64


def test_stages_are_shown_although_there_is_an_entry(cache: Cache) -> None:
    compile_model(random_model(1), cache=cache)
    stages: list[str] = []
    compile_model(random_model(1), cache=cache, after=lambda name, _: stages.append(name))
    assert stages[0] == "build"
    assert stages[-2:] == ["emit", "resynthesise-blocks"]


def _entries(cache: Cache) -> list[Path]:
    return sorted(cache.folder.glob("??/*.entry"))


def _no_folder(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("kept")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


OTHER_FILES: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": _no_folder,
    "link": lambda path: path.symlink_to("/dev/zero"),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "link to an entry": lambda path: path.symlink_to(path.with_suffix(".kept")),
    "socket": _socket,
}


@pytest.mark.parametrize("make", OTHER_FILES.values(), ids=OTHER_FILES.keys())
def test_what_is_no_file_in_the_place_of_an_entry_is_passed_over(
    make: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as short:  # a socket's path has at most 108 bytes
        monkeypatch.chdir(short)
        cache = Cache("c")
        fresh = compile_model(random_model(1), cache=cache)
        (path,) = _entries(cache)
        path.rename(path.with_suffix(".kept"))
        monkeypatch.chdir(path.parent)
        make(Path(path.name))
        monkeypatch.chdir(short)
        before = path.lstat()
        for _ in range(2):
            with pytest.warns(CacheWarning, match="is not a regular file, and is passed over"):
                _same(compile_model(random_model(1), cache=cache), fresh)
        cache.clear()
        assert path.lstat().st_ino == before.st_ino
        assert path.with_suffix(".kept").exists()


@pytest.mark.parametrize("look", range(4))
def test_an_entry_that_another_process_removes_is_not_there(
    look: int, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compile_model(random_model(1), cache=cache)
    (path,) = _entries(cache)
    inner, looks = Path.lstat, []

    def lstat(self: Path) -> os.stat_result:
        looks.append(self)
        if len(looks) == look + 1:
            path.unlink()
        return inner(self)

    monkeypatch.setattr(Path, "lstat", lstat)
    again = Cache(cache.folder, warn=pytest.fail)
    assert again.get(path.stem, compiled.model, compiled.target, compiled.options) is None or look >= len(looks)


def test_a_folder_of_entries_that_is_a_link_is_passed_over(cache: Cache, tmp_path: Path) -> None:
    fresh = compile_model(random_model(1), cache=cache)
    (path,) = _entries(cache)
    elsewhere = tmp_path / "elsewhere"
    path.parent.rename(elsewhere)
    path.parent.symlink_to(elsewhere)
    with pytest.warns(CacheWarning, match="is not a regular file, and is passed over"):
        _same(compile_model(random_model(1), cache=cache), fresh)
    assert cache.clear().entries == 0
    assert [item.name for item in elsewhere.iterdir()] == [path.name]


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit=1 << 20)
    fresh = compile_model(random_model(1), cache=cache)
    (path,) = _entries(cache)
    with path.open("r+b") as stream:
        stream.truncate(1 << 40)  # a hole: it takes no room on the disk
    with pytest.warns(CacheWarning, match="larger than the whole cache may be, and is passed over"):
        _same(compile_model(random_model(1), cache=cache), fresh)
    assert path.stat().st_size < 1 << 20


def test_folders_and_files_are_the_users_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        cache = Cache(tmp_path / "deep" / "cache")
        compile_model(random_model(1), cache=cache)
    finally:
        os.umask(before)
    (path,) = _entries(cache)
    modes = {place: stat.S_IMODE(place.stat().st_mode) for place in (path, *path.parents)}
    assert modes[path] == 0o600
    assert stat.S_IMODE((cache.folder / MARKER).stat().st_mode) == 0o600
    assert [modes[place] for place in (path.parent, cache.folder, cache.folder.parent)] == [0o700] * 3


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keys = []
    compiled = compile_model(random_model(1), verify=False)
    for place in range(4):
        keys.append(f"{place:064}")
        cache.put(keys[-1], compiled)
    now = time.time()
    for age, key in enumerate(keys):
        os.utime(cache.folder / key[:2] / f"{key}.entry", (now - 100 + age, now - 100 + age))
    size = cache.usage().bytes // 4
    smaller = Cache(tmp_path, limit=3 * size)
    assert smaller.get(keys[0], compiled.model, compiled.target, compiled.options) is not None
    smaller.put(f"{9:064}", compiled)
    kept = {path.stem for path in _entries(smaller)}
    assert kept == {keys[0], keys[3], f"{9:064}"}
    assert smaller.usage().bytes <= smaller.limit


def test_what_is_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit=1000)
    compile_model(random_model(1), cache=cache)
    assert cache.usage().entries == 0


def test_a_cache_that_cannot_be_written_only_warns(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "cache")
    with pytest.warns(CacheWarning, match="the cache cannot be"):
        compiled = compile_model(random_model(1), cache=cache)
    _same(compiled, compile_model(random_model(1)))


def test_clear(cache: Cache) -> None:
    for seed in (1, 2):
        compile_model(random_model(seed), verify=False, cache=cache)
    held = cache.usage()
    assert cache.clear() == held
    assert cache.usage().entries == 0
    assert cache.clear().entries == 0


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert Cache().folder == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(FOLDER_VARIABLE, "~/kept/~")
    assert Cache().folder == tmp_path / "home" / "kept" / "~"
    monkeypatch.setenv(FOLDER_VARIABLE, "~nobody-of-this-name/kept")
    with pytest.raises(InvalidInputError, match="QSAC_CACHE_DIR names a home directory that is not known"):
        Cache()
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert default_folder().parts[-2:] == ("qsac", "compiled")
    monkeypatch.setenv(LIMIT_VARIABLE, "3")
    assert Cache(tmp_path).limit == 3 << 20
    monkeypatch.setenv(LIMIT_VARIABLE, "much")
    with pytest.raises(InvalidInputError, match="QSAC_CACHE_LIMIT is not a size"):
        Cache(tmp_path)


WORKER = """
import hashlib, json, sys, warnings
warnings.simplefilter("error")
from qsac.artifact.cache import Cache
from qsac.compiler.compilation import compile
from qsac.families.reading import load
cache = Cache(sys.argv[1], limit=int(sys.argv[2]))
models = [load(model) for model in json.loads(sys.argv[3])]
for round in range(6):
    for model in models[round % 2 :] + models[: round % 2]:
        compiled = compile(model, "statevector", verify=False, cache=cache)
        print(hashlib.sha256(compiled.to_json().encode()).hexdigest())
"""


def test_many_processes_at_once(tmp_path: Path) -> None:
    models = [random_model(seed) for seed in range(6)]
    alone = Cache(tmp_path / "alone")
    for model in models:
        compile_model(model, "statevector", verify=False, cache=alone)
    # Room for about half of the entries: eviction races with reading and writing.
    limit = alone.usage().bytes // 2
    arguments = [sys.executable, "-c", WORKER, str(tmp_path / "shared"), str(limit), json.dumps(models)]
    count = 4 if ALL else 2
    running = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(count)
    ]
    said = [process.communicate(timeout=300) for process in running]
    assert [errors for _, errors in said] == [""] * count
    assert all(process.returncode == 0 for process in running)
    digests = [set(output.split()) for output, _ in said]
    assert digests == [digests[0]] * count
    assert len(digests[0]) == len(models)
    shared = Cache(tmp_path / "shared", limit=limit)
    assert shared.usage().entries > 0
    assert not list(shared.folder.glob("??/.*"))
    assert {path.name for path in shared.folder.iterdir() if len(path.name) != 2} == {MARKER}
    for path in _entries(shared):
        first, _, body = path.read_bytes().partition(b"\n")
        assert hashlib.sha256(body).hexdigest() == first.split()[-1].decode()

"""The cache's folder: nothing of others in it is touched, and what killed processes leave does not stay."""

import fcntl
import os
from pathlib import Path

import pytest

from qsac.artifact.cache import MARKER, Cache, CacheWarning
from qsac.compiler.compilation import compile as compile_model
from qsac.errors import InvalidInputError
from tests.strategies import random_model


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def _entries(cache: Cache) -> list[Path]:
    return sorted(cache.folder.glob("??/*.entry"))


OTHERS = {
    "a hidden file in a folder of two letters": "go/.env",
    "a hidden file in a folder of two digits": "ab/.env",
    "a file in a folder of two digits": "ab/notes",
    "what looks like an entry": "ab/" + "0" * 63 + ".entry",
    "an entry in a folder of two letters": "go/" + "0" * 64 + ".entry",
    "capital letters": "AB/" + "A" * 64 + ".entry",
    "a file": "notes",
    "a hidden file": ".snapshot",
    "deep": "ab/cd/notes",
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.parametrize("marked", [False, True])
def test_nothing_of_others_is_touched(other: str, marked: bool, tmp_path: Path) -> None:
    place = tmp_path / other
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("SECRET=1")
    os.utime(place, (0, 0))
    if marked:
        (tmp_path / MARKER).touch()
    cache = Cache(tmp_path)
    if marked:
        for seed in (1, 2, 3):
            compile_model(random_model(seed), verify=False, cache=cache)
        assert cache.usage().entries == 3
        Cache(tmp_path, limit=0).put("0" * 64, compile_model(random_model(1), verify=False))
        assert cache.clear().entries == 0
    else:
        with pytest.warns(CacheWarning, match=f"holds other files, and no file {MARKER}; it is not used: ") as said:
            compile_model(random_model(1), verify=False, cache=cache)
        assert len(said) == 1
        compile_model(random_model(1), verify=False, cache=cache)  # and that is said once
        for use in (cache.clear, cache.usage):
            with pytest.raises(InvalidInputError, match="holds other files"):
                use()
        assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == [place]
    assert place.read_text() == "SECRET=1"


def test_entries_behind_links_are_not_touched(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    compile_model(random_model(1), verify=False, cache=cache)
    (path,) = _entries(cache)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    digits = "ee" if path.parent.name != "ee" else "ff"
    names = (digits + "0" * 62 + ".entry", "." + digits + "0" * 62 + ".entry.qsac-1-0123456789abcdef")
    for name in names:
        (elsewhere / name).write_text("mine")
    (cache.folder / digits).symlink_to(elsewhere)
    linked = path.with_name(path.name[:2] + "0" * 62 + ".entry")
    linked.symlink_to(elsewhere / names[0])
    Cache(cache.folder, limit=1).put("0" * 64, compile_model(random_model(2), verify=False))
    assert Cache(cache.folder).clear().entries <= 1
    assert {item.name for item in elsewhere.iterdir()} == set(names)
    assert linked.is_symlink()


def test_a_cache_from_before_the_marker_is_one(cache: Cache) -> None:
    compile_model(random_model(1), cache=cache)
    (cache.folder / MARKER).unlink()
    assert Cache(cache.folder).usage().entries == 1
    assert "emit" not in compile_model(random_model(1), cache=Cache(cache.folder)).timings
    compile_model(random_model(2), cache=Cache(cache.folder))
    assert (cache.folder / MARKER).is_file()
    assert Cache(cache.folder).clear().entries == 2


@pytest.mark.parametrize("key", [1, 2])
def test_what_killed_processes_left_is_removed(key: int, cache: Cache) -> None:
    compile_model(random_model(1), cache=cache)
    (path,) = _entries(cache)
    left = path.with_name(f".{path.name}.qsac-4194305-0123456789abcdef")
    left.write_bytes(b"half an ent")
    held = left.with_name(left.name[:-1] + "0")
    held.write_bytes(b"half an ent")
    with held.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        compile_model(random_model(key), cache=Cache(cache.folder))
        assert not left.exists()
        assert held.exists()


@pytest.mark.parametrize("above", [False, True])
def test_a_folder_that_is_a_link_is_followed(above: bool, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    folder = link / "cache" if above else link
    compile_model(random_model(1), verify=False, cache=folder)
    assert link.is_symlink()
    assert (real / "cache" / MARKER if above else real / MARKER).is_file()
    assert "emit" not in compile_model(random_model(1), verify=False, cache=folder).timings
    assert Cache(folder).clear().entries == 1
    assert link.is_symlink()


def test_a_link_to_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    (real / "ab").mkdir(parents=True)
    (real / "ab" / ".env").write_text("SECRET=1")
    link.symlink_to(real)
    with pytest.warns(CacheWarning, match="holds other files"):
        compile_model(random_model(1), verify=False, cache=link)
    with pytest.raises(InvalidInputError, match="holds other files"):
        Cache(link).clear()
    # A marker that is a link marks nothing: whoever may make links here does not say whose the folder is.
    (tmp_path / "mark").touch()
    (real / MARKER).symlink_to(tmp_path / "mark")
    with pytest.raises(InvalidInputError, match="holds other files"):
        Cache(link).clear()
    assert (real / "ab" / ".env").read_text() == "SECRET=1"


@pytest.mark.parametrize("to", ["nowhere", "link"])
def test_a_link_that_leads_nowhere_makes_no_folder(to: str, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / to)
    with pytest.warns(CacheWarning, match=f"the cache cannot be (read|written): {link}"):
        compiled = compile_model(random_model(1), verify=False, cache=link)
    assert compiled.to_json() == compile_model(random_model(1), verify=False).to_json()
    assert [path.name for path in tmp_path.iterdir()] == ["link"]

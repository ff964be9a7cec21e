"""Files are written whole or not at all, whatever ends the writer, and nothing but them is touched."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qsac.errors import InvalidInputError
from qsac.files import writing
from qsac.files.writing import remove_leftovers, write_file, write_whole

WAYS = ("without a name", "with a name", "copied")
LEFTOVER = ".file.qsac-123-0123456789abcdef"


def _take(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system offer what is needed for one way of writing only."""

    def no_link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if way == "with a name":
        monkeypatch.setattr(writing, "_without_name", lambda *_: None)
    elif way == "copied":
        monkeypatch.setattr("qsac.files.writing.os.link", no_link)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    _take(request.param, monkeypatch)
    return str(request.param)


def _names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", ["file", "ψ" * 127, "x" * 255, "-", ".file", "a b\n"])
def test_a_file_is_written_and_written_again(name: str, tmp_path: Path) -> None:
    for text in ("te" * 1_000_000, "xt ψ", ""):
        write_whole(tmp_path / name, [text[:7], text[7:]])
        assert (tmp_path / name).read_text(encoding="utf-8") == text
        assert _names(tmp_path) == [name]


def test_this_system_has_files_without_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Or the tests of that way show nothing. A folder of another file system may have none.
    if sys.platform != "linux" or writing._without_name(tmp_path, 0o600) is None:
        pytest.skip("no files without names here")
    monkeypatch.setattr(writing, "_named", lambda *_: pytest.fail("a file with a name"))
    write_whole(tmp_path / "file", ["text"])
    write_whole(tmp_path / "file", ["another"])
    assert (tmp_path / "file").read_text() == "another"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_is_as_public_as_any_other(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "file", ["text"])
    finally:
        os.umask(before)
    assert _mode(tmp_path / "file") == 0o666 & ~mask


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755, 0o666])
def test_a_file_keeps_its_permissions(mode: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(mode)
    write_whole(tmp_path / "file", ["new"])
    assert (tmp_path / "file").read_text() == "new"
    assert _mode(tmp_path / "file") == mode
    write_file(tmp_path / "file", [b"private"], private=True)
    assert _mode(tmp_path / "file") == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    os.chown(tmp_path / "file", 1234, 2345)
    write_whole(tmp_path / "file", ["new"])
    status = (tmp_path / "file").stat()
    assert (status.st_uid, status.st_gid) == (1234, 2345)


def test_another_group_gets_no_more_than_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o664)
    given = os.stat_result((0o100664, 1, 1, 1, os.geteuid(), os.getegid() + 1, 3, 0, 0, 0))
    monkeypatch.setattr("qsac.files.writing.os.fchown", refuse)
    monkeypatch.setattr(writing, "_status", lambda _: given)
    write_whole(tmp_path / "file", ["new"])
    assert _mode(tmp_path / "file") == 0o644


@pytest.mark.usefixtures("way")
def test_the_content_is_on_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, publish = os.fsync, writing._Unpublished.publish

    def synced(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"{os.fstat(handle).st_size} bytes")
        fsync(handle)

    def published(self: writing._Unpublished, guard: writing.Guard | None) -> None:
        done.append("publish")
        publish(self, guard)

    monkeypatch.setattr("qsac.files.writing.os.fsync", synced)
    monkeypatch.setattr(writing._Unpublished, "publish", published)
    write_whole(tmp_path / "file", ["text"])
    assert (done[:2], done[-1]) == (["4 bytes", "publish"], "folder")
    done.clear()
    write_file(tmp_path / "file", [b"text"], durable=False)
    assert done[0] == "publish"


@pytest.mark.parametrize(("code", "written"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_a_disk_that_fails_is_an_error_and_one_that_cannot_say_is_not(
    code: int, written: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr("qsac.files.writing.os.fsync", fail)
    if written:
        write_whole(tmp_path / "file", ["new"])
    else:
        with pytest.raises(InvalidInputError, match="cannot be written"):
            write_whole(tmp_path / "file", ["new"])
    assert (tmp_path / "file").read_text() == ("new" if written else "old")
    assert _names(tmp_path) == ["file"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(error: BaseException, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")

    def parts() -> Iterator[str]:
        yield "new" * 100_000
        raise error

    for name in ("file", "another"):
        with pytest.raises((InvalidInputError, KeyboardInterrupt, MemoryError)):
            write_whole(tmp_path / name, parts())
    assert _names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.usefixtures("way")
def test_an_interruption_at_the_last_moment_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "file", ["new"])
    assert _names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_kill_between_two_names_leaves_one(tmp_path: Path) -> None:
    # A new file that was written under a second name has both for a moment.
    write_whole(tmp_path / "file", ["text"])
    (tmp_path / LEFTOVER).hardlink_to(tmp_path / "file")
    write_whole(tmp_path / "another", ["text"])
    assert _names(tmp_path) == ["another", "file"]
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.usefixtures("way")
def test_a_guard_sees_what_is_there_and_what_comes(tmp_path: Path) -> None:
    asked: list[Path] = []

    def refuse(place: Path) -> None:
        asked.append(place)
        if place.exists():
            raise InvalidInputError("not this one")

    write_whole(tmp_path / "new", ["text"], guard=refuse)
    assert (tmp_path / "new").read_text() == "text"

    def parts() -> Iterator[str]:
        (tmp_path / "late").write_text("mine")
        yield "text"

    for name in ("new", "late"):
        with pytest.raises(InvalidInputError, match="not this one"):
            write_whole(tmp_path / name, parts() if name == "late" else ["other"], guard=refuse)
    assert {tmp_path / "new", tmp_path / "late"} <= set(asked)
    assert (tmp_path / "new").read_text() == "text"
    assert (tmp_path / "late").read_text() == "mine"
    assert _names(tmp_path) == ["late", "new"]


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_text("old")
    (tmp_path / "link").symlink_to("deep/file")
    (tmp_path / "new").symlink_to(tmp_path / "deep" / "another")
    for name, target in (("link", "file"), ("new", "another")):
        write_whole(tmp_path / name, ["text"])
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "deep" / target).read_text() == "text"


def test_what_only_a_handle_leads_to_is_written_to(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+") as stream:
        (tmp_path / "file").unlink()
        write_whole(f"/dev/fd/{stream.fileno()}", ["text"])
        assert stream.read() == "text"
    assert _names(tmp_path) == []


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("no/where")
    (tmp_path / "file").touch()
    for place, said in (
        (tmp_path / "nothing" / "file", "the output folder does not exist"),
        (tmp_path, "the output is a folder"),
        (tmp_path / "loop", "too many levels of symbolic links"),
        (tmp_path / "nowhere", "no such file or directory"),
        (tmp_path / ("x" * 300), "the output's name is too long"),
        (tmp_path / "file" / "file", "the output folder does not exist"),
        ("a\0b", "the output's path has a null character"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            write_whole(place, ["text"])
        assert said in (caught.value.title, caught.value.found)
        assert caught.value.source == str(place)
    assert _names(tmp_path) == ["file", "loop", "nowhere"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InvalidInputError, match="cannot be written"):
            write_whole(tmp_path / "file", ["text"])
    finally:
        tmp_path.chmod(0o700)


# What killed writers leave.

WRITER = """
import sys, time
from pathlib import Path
from qsac.files import writing
if sys.argv[2] == "with a name":
    writing._without_name = lambda *_: None

def parts():
    yield "new" * 100_000
    print("writing", flush=True)
    time.sleep(60)

writing.write_whole(Path(sys.argv[1]), parts())
"""


@pytest.mark.parametrize("kind", WAYS[:2])
def test_what_a_killed_writer_leaves_is_removed_by_the_next(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "file"), kind], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    expected = 2 if kind == "with a name" else 1
    # Nothing is taken from a writer that lives.
    write_whole(tmp_path / "another", ["text"])
    assert len(_names(tmp_path)) == expected + 1
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    left = [name for name in _names(tmp_path) if name.startswith(".file.qsac-")]
    assert len(left) == expected - 1
    assert all(f".qsac-{writer.pid}-" in name for name in left)
    assert (tmp_path / "file").read_text() == "old"
    write_whole(tmp_path / "another", ["text"])
    assert _names(tmp_path) == ["another", "file"]


def test_nothing_else_is_removed(tmp_path: Path) -> None:
    others = [
        ".env",
        ".file.qsac-123-0123456789abcde",
        ".file.qsac-123-0123456789abcdef0",
        ".file.qsac-123-0123456789ABCDEF",
        ".file.qsac-x-0123456789abcdef",
        "file.qsac-123-0123456789abcdef",
        ".qsac-123-0123456789abcdef",
        LEFTOVER + ".json",
    ]
    for name in others:
        (tmp_path / name).write_text("mine")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / LEFTOVER.replace("file", "folder")).mkdir()
    (tmp_path / LEFTOVER.replace("file", "link")).symlink_to(tmp_path / ".env")
    os.mkfifo(tmp_path / LEFTOVER.replace("file", "pipe"))
    before = _names(tmp_path)
    (tmp_path / LEFTOVER).write_text("abandoned")
    (tmp_path / LEFTOVER).chmod(0o444)
    start = time.perf_counter()
    remove_leftovers(tmp_path)
    assert time.perf_counter() - start < 5
    assert _names(tmp_path) == before
    remove_leftovers(tmp_path / "nothing")


def test_a_writer_whose_file_was_taken_for_abandoned_takes_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, taken = writing.lock, []

    def late(handle: int) -> bool:
        if len(taken) < 3:
            taken.append(_names(tmp_path))
            remove_leftovers(tmp_path)
        return lock(handle)

    monkeypatch.setattr(writing, "_without_name", lambda *_: None)
    monkeypatch.setattr(writing, "lock", late)
    write_whole(tmp_path / "file", ["text"])
    assert [len(names) for names in taken] == [1, 1, 1]
    assert len({name for names in taken for name in names}) == 3
    assert (tmp_path / "file").read_text() == "text"
    assert _names(tmp_path) == ["file"]

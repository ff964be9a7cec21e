"""What the tests of this folder share."""

from tests.alone import only_what_is_built_in

__all__ = ["only_what_is_built_in"]

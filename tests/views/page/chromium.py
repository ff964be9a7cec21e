"""The Chromium that browser tests drive: the one that QSAC_CHROMIUM names, or one on the PATH."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
REQUIRED = "QSAC_BROWSER"
"""Set to `required` where browser tests must not be skipped."""

SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
"""A container has no user namespaces, no GPU, and little shared memory."""


def found() -> str | None:
    """Its path, or None."""
    return os.environ.get("QSAC_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)

"""``python -m qsac`` is the command ``qsac``."""

import sys

from qsac.cli.main import run

if __name__ == "__main__":
    sys.exit(run())

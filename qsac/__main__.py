"""``python -m qsac`` is the command ``qsac``."""

import sys

from qsac.cli.process import start

if __name__ == "__main__":
    sys.exit(start())

"""Which tests run in a process of their own (:mod:`tests.bench.test_training`)."""

import os

from tests.alone import only_what_is_built_in

__all__ = ["ALONE", "OWN_PROCESS", "only_what_is_built_in"]

ALONE = ("test_train_gpt2.py",)
OWN_PROCESS = "QSAC_OWN_PROCESS"

collect_ignore = [] if os.environ.get(OWN_PROCESS) else list(ALONE)

"""Which tests run in a process of their own (:mod:`tests.bench.test_training`)."""

import os

ALONE = ("test_train_gpt2.py",)
OWN_PROCESS = "QSAC_OWN_PROCESS"

collect_ignore = [] if os.environ.get(OWN_PROCESS) else list(ALONE)

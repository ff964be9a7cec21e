"""What all tests share. Kept light: it is imported by every worker, whatever it runs."""

import os

from hypothesis import HealthCheck, settings

# No deadlines: how long an example takes says more about the machine than about the code. In CI examples are always the
# same ones, so that a change is judged by what it changed.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

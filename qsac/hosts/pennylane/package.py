"""PennyLane, or the error that it is not there."""

from __future__ import annotations

from typing import Any

from qsac.export.pennylane import pennylane_package

qml: Any = pennylane_package()

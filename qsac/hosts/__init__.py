"""Plug-ins for other packages' compilers: each registers what :mod:`qsac.synthesis` does."""

from __future__ import annotations

"""Machines and simulators as plain data. Packages that bring targets import from here."""

from qsac.machine.target import Durations as Durations
from qsac.machine.target import ErrorRates as ErrorRates
from qsac.machine.target import Target as Target

"""Checks of files that qsac wrote, or that say so: artifacts, templates."""

from qsac.checking.artifacts import check_artifact as check_artifact
from qsac.checking.circuits import runs_on as runs_on
from qsac.checking.report import Finding as Finding
from qsac.checking.report import Report as Report
from qsac.checking.sealed import check as check
from qsac.checking.sealed import resealed as resealed
from qsac.checking.sealed import verify as verify
from qsac.checking.templates import check_template as check_template

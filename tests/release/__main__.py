"""`make release VERSION=x.y.z`: all that a release takes but publishing it.

The steps, each only after those before it: a clean tree and a new tag; version and date written down; everything that a
change must pass (`.ci/run`); commit and tag; sdist and wheel in dist/, with that version. What is left to do by hand is
printed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from tests.release.preparation import ReleaseError, prepare

ROOT = Path(__file__).parents[2]

LEFT = """
{version} is committed, tagged and built, and nothing is published. By hand:
  git push --follow-tags
  upload dist/* to the package index
  publish the tag, with the changelog's section, where the repository lives
  begin the next section in CHANGELOG.md: ## <next version> - unreleased"""


def _run(*command: str) -> str:
    """What a command prints; a failing one ends the release."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"`{' '.join(command)}` failed with {done.returncode}")
    return done.stdout


def release(version: str) -> None:
    """Make a release, or raise :class:`ReleaseError`."""
    if _run("git", "status", "--porcelain"):
        raise ReleaseError("the tree is not clean: commit first")
    tag = f"v{version}"
    if _run("git", "tag", "--list", tag):
        raise ReleaseError(f"the tag {tag} is there already")
    prepare(ROOT, version, datetime.now(UTC).date())
    try:
        subprocess.run([".ci/run"], cwd=ROOT, check=True)
    except subprocess.CalledProcessError:
        raise ReleaseError("`.ci/run` failed; `git checkout .` takes back what was written") from None
    _run("git", "commit", "--quiet", "--all", "--message", f"Version {version}")
    _run("git", "tag", "--annotate", tag, "--message", f"qsac {version}")
    for folder in ("build", "dist"):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    _run(sys.executable, "-m", "build", "--no-isolation")
    built = sorted(path.name for path in (ROOT / "dist").iterdir())
    wanted = [f"qsac-{version}-cp311-abi3-*.whl", f"qsac-{version}.tar.gz"]
    if len(built) != len(wanted) or not all(map(fnmatch, built, wanted)):
        raise ReleaseError(f"dist/ holds {', '.join(built)}; wanted: {', '.join(wanted)}")
    print(LEFT.format(version=version))


def main(arguments: list[str]) -> int:
    """Run, and say in a sentence what is wrong."""
    try:
        release(arguments[0] if arguments else "")
    except ReleaseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

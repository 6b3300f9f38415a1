"""Are there known holes in the pinned packages? Asks pip-audit; who is not online is told so, and not held up.

A hole that is known fails the check. No answer does not: it is said, and asked again after an hour. A whole answer
counts for a day, for these lock files.
"""

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "requirements" / "run.lock"
STAMP: Final = ROOT / ".venv" / ".audited"
SECONDS: Final = 30
"""Longest time that `make check` waits."""
ANSWERED_FOR: Final = 24 * 3_600
UNANSWERED_FOR: Final = 3_600


def main() -> int:
    """Audit what runs in production; exit code 1 if there is a known hole."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if (known := remembered(STAMP, digest, time.time())) is not None:
        return report(known)
    found = ask(LOCK)
    if not found.get("holes"):
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(json.dumps({**found, "digest": digest, "at": time.time()}), encoding="utf-8")
    return report(found)


def ask(lock: Path) -> dict[str, object]:
    """Return the holes that are known, or why there is no answer.

    One package is asked about first: an index that does not know it will not know the others.
    """
    with TemporaryDirectory() as folder:
        probe = Path(folder) / "one.txt"
        probe.write_text(lock.read_text(encoding="utf-8").split()[0] + "\n", encoding="utf-8")
        first = _pip_audit(probe, "--no-deps")
    return first if "unanswered" in first else _pip_audit(lock, "--require-hashes")


def _pip_audit(requirements: Path, *options: str) -> dict[str, object]:
    command = [
        str(Path(sys.executable).with_name("pip-audit")),
        *("--requirement", str(requirements), *options, "--disable-pip"),
        *("--format", "json", "--progress-spinner", "off", "--timeout", "5"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"unanswered": type(error).__name__}
    return understood(done.stdout)


def understood(output: str) -> dict[str, object]:
    """Read pip-audit's JSON: the holes, and whether it knew the packages at all."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return {"unanswered": "pip-audit gave no answer"}
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}"
        + (f", mended in {', '.join(hole['fix_versions'])}" if hole.get("fix_versions") else "")
        for package in packages
        for hole in package.get("vulns", ())
    ]
    skipped = sum("skip_reason" in package for package in packages)
    if holes or not skipped:
        return {"holes": holes, "audited": len(packages) - skipped}
    return {"unanswered": f"the index knows nothing of {skipped} of {len(packages)} packages"}


def remembered(stamp: Path, digest: str, now: float) -> dict[str, object] | None:
    """Return what was found lately for the same lock file."""
    try:
        kept: dict[str, object] = json.loads(stamp.read_text(encoding="utf-8"))
        age = now - float(str(kept["at"]))
    except (OSError, ValueError, KeyError):
        return None
    holds = UNANSWERED_FOR if "unanswered" in kept else ANSWERED_FOR
    return kept if kept.get("digest") == digest and 0 <= age < holds else None


def report(found: dict[str, object]) -> int:
    """Print what was found; return the exit code."""
    if "unanswered" in found:
        print(f"       not done: {found['unanswered']}; run it where the package index can be reached")
        return 0
    holes = list(found.get("holes", []))  # type: ignore[call-overload]  # a list of ours
    for hole in holes:
        print(f"       {hole}")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())

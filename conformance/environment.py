"""The environment that the clients live in: made once, from pinned packages, apart from our own."""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable

from risiti.cli.console import CommandError
from scripts import set_up

ROOT = set_up.ROOT
FOLDER = ROOT / "var" / "conformance" / "venv"
PYTHON = FOLDER / "bin" / "python"
LOCK = ROOT / "requirements" / "conformance.lock"
STAMP = FOLDER / ".installed"
"""Holds the digest of the lock file that was installed."""
LINES_SHOWN = 15


def prepare(say: Callable[[str], None]) -> None:
    """Make the environment, unless it is there with what the lock file pins.

    Args:
        say: Told what is being done.

    Raises:
        CommandError: a package cannot be installed.
    """
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="ascii") == digest:
        return
    say(f"installing the clients of {LOCK.relative_to(ROOT)} into {FOLDER.relative_to(ROOT)}")
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    install = [*set_up.make_environment(FOLDER), "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    environment = os.environ | {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(install, capture_output=True, text=True, errors="replace", env=environment, check=False)
    if done.returncode != 0:
        said = "\n    ".join((done.stdout + done.stderr).splitlines()[-LINES_SHOWN:])
        raise CommandError(f"pip could not install the clients; mend that and run it again:\n    {said}")
    STAMP.write_text(digest, encoding="ascii")


def version_of(package: str) -> str:
    """Return which version of a package the lock file pins.

    Raises:
        ValueError: it pins none.
    """
    found = re.search(rf"^{re.escape(package)}==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise ValueError(f"{LOCK.name} does not pin {package}")
    return found.group(1)

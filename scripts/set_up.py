"""Makes the virtual environment `.venv` and installs this checkout with its pinned packages into it.

Run by make; by hand: `python3 scripts/set_up.py run` (what the service needs) or `... dev` (tests and checks as well).
Needs only Python's standard library. Parses on old Pythons too, so that they get a sentence and not a SyntaxError.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")
PIP_WITH_PYTHON_OPTION = (22, 3)  # pip's changelog, 22.3: "pip --python"
LINES_SHOWN_ON_FAILURE = 15
PACKAGES_A_LINE = 15  # progress, when the output is not a terminal

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "set-up.log"
INTERPRETER: str = getattr(sys, "_base_executable", None) or sys.executable
"""Makes environments: this Python, or the one that the environment it runs in was made from."""


def main() -> None:
    """Set up for `run` or `dev`, then leave the stamp file that make looks at."""
    purpose = sys.argv[1] if len(sys.argv) == 2 else ""  # noqa: PLR2004 - the program and one word
    if purpose not in ("run", "dev"):
        fail("say what for: python3 scripts/set_up.py run | dev")
    use_a_python_that_will_do()
    began = time.monotonic()
    lock = ROOT / "requirements" / (purpose + ".lock")

    say("1/3 virtual environment .venv with Python {}.{}.{}".format(*sys.version_info[:3]))
    pip = make_environment(VENV)
    LOG.write_text("", encoding="utf-8")
    say(f"2/3 packages of requirements/{lock.name}, each checked against its hash")
    run_pip([*pip, "install", "--require-hashes", "-r", str(lock)], packages=count_packages(lock))
    say("3/3 this checkout")
    run_pip([*pip, "install", "--no-build-isolation", "--no-deps", "--no-index", "-e", str(ROOT)], packages=0)

    for stamp in {"run", purpose}:
        (VENV / (".installed-" + stamp)).touch()
    say(f"done in {time.monotonic() - began:.0f} s")


def use_a_python_that_will_do() -> None:
    """Replace this process by a newer Python if this one is too old, or say what is missing."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER_PYTHONS:
        newer = shutil.which(name)
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - no shell is wanted
    fail(
        "Python 3.11 or newer is needed, this is {}.{}; name another one: make PYTHON=/path/to/python3".format(
            *sys.version_info[:2]
        )
    )


def make_environment(venv: Path) -> list[str]:
    """Make an environment unless it is there and works; return the command line of a pip that installs into it."""
    python = str(venv / "bin" / "python")
    own_pip = [python, "-m", "pip"]
    if works([python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        if works([*own_pip, "--version"]):
            return own_pip
    elif works([INTERPRETER, "-m", "venv", "--clear", str(venv)]):
        return own_pip
    elif not works([INTERPRETER, "-m", "venv", "--clear", "--without-pip", str(venv)]):
        fail("this Python has no venv module; on Debian and Ubuntu: apt-get install python3-venv")
    # Debian ships Python without ensurepip; its pip, if it is there, can install into another environment.
    if system_pip_version() < PIP_WITH_PYTHON_OPTION:
        fail("this Python brings no pip for a virtual environment; on Debian and Ubuntu: apt-get install python3-venv")
    return [INTERPRETER, "-m", "pip", "--python", python]


def works(command: list[str]) -> bool:
    """Run a command without showing its output; whether it ended well."""
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return False
    return done.returncode == 0


def system_pip_version() -> tuple[int, ...]:
    """Return the version of this Python's own pip; (0,) when it has none."""
    command = [INTERPRETER, "-m", "pip", "--version"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
    found = re.match(r"pip (\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def count_packages(lock: Path) -> int:
    """Return how many packages a lock file pins."""
    return sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines() if line[:1].isalnum())


def run_pip(command: list[str], packages: int) -> None:
    """Run pip with a counter instead of its chatter; on failure show the end of what it said."""
    # The user's pip configuration holds (index, proxy, certificates), but for what has no meaning in an environment.
    environment = dict(os.environ, PIP_USER="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    environment.pop("PYTHONPATH", None)
    pip = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        cwd=str(ROOT),
    )
    done = 0
    with LOG.open("a", encoding="utf-8") as log:
        for line in pip.stdout or ():
            log.write(line)
            if line.startswith(("Collecting ", "Requirement already satisfied", "Ignoring ")):
                done += 1
                show_count(done, packages)
            elif line.startswith("Installing collected packages") and packages:
                show_line("    unpacking")
    if pip.wait() != 0:
        said = "\n    ".join(LOG.read_text(encoding="utf-8").splitlines()[-LINES_SHOWN_ON_FAILURE:])
        fail(
            f"pip could not install (all it said: {LOG.relative_to(ROOT)})\n    {said}\n"
            "If it is the network or the index, mend that (pip config list) and run the same command again."
        )


def show_count(done: int, packages: int) -> None:
    """Show how far pip has come: in place on a terminal, else now and then a line."""
    if not packages:
        return
    if sys.stdout.isatty():
        sys.stdout.write(
            "\r    {} of {}\033[K{}".format(min(done, packages), packages, "\n" if done >= packages else "")
        )
        sys.stdout.flush()
    elif done % PACKAGES_A_LINE == 0:
        show_line(f"    {done} of {packages}")


def show_line(text: str) -> None:
    """Write a line at once, even into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Tell what is being done."""
    show_line("set-up: " + text)


def fail(text: str) -> None:
    """End with a message on standard error and exit code 1."""
    sys.stdout.flush()
    sys.exit("set-up: " + text)


if __name__ == "__main__":
    main()

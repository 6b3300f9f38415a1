"""Prints the part of requirements/run.lock that `risiti` without extras needs: what a user of the SDK installs."""

import re
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "run.lock"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def closure(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Return the names of everything that an installed distribution needs here, at any depth, itself not included."""
    needed: set[str] = set()
    waiting = [(name, extras)]
    while waiting:
        owner, with_extras = waiting.pop()
        for line in requires(owner) or []:
            requirement = Requirement(line)
            wanted = canonicalize_name(requirement.name)
            if wanted not in needed and _applies(requirement, with_extras):
                needed.add(wanted)
                waiting.append((wanted, frozenset(requirement.extras)))
    return needed


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})


def part_of(lock: str, names: set[str]) -> str:
    """Return the entries of a lock file, with their hashes, that pin one of the names.

    Raises:
        ValueError: a name is not pinned.
    """
    pins = list(_PIN.finditer(lock))
    ends = [*(pin.start() for pin in pins[1:]), len(lock)]
    entries: dict[str, str] = {
        canonicalize_name(pin[1]): lock[pin.start() : end] for pin, end in zip(pins, ends, strict=True)
    }
    missing = sorted(names - entries.keys())
    if missing:
        message = f"not pinned in {LOCK.name}: {', '.join(missing)}; run: make lock"
        raise ValueError(message)
    return "".join(entries[name] for name in sorted(names))


def main() -> None:
    """Print the part for this package, as installed in the environment that runs this."""
    sys.stdout.write(part_of(LOCK.read_text(encoding="utf-8"), closure("risiti")))


if __name__ == "__main__":
    main()

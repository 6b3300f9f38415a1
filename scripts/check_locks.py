"""Checks requirements/*.lock: exact versions with hashes, no addresses, and nothing in pyproject.toml unpinned."""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"://|^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b|\s@\s")
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^\s;]+)")
PURPOSES = {"run.lock": ("build",), "dev.lock": ("build", "dev")}
GROUPS_ALONE = {"conformance.lock": "conformance"}
"""Lock files that pin one group of pyproject.toml, and nothing that the package itself needs."""


def faults(lock: str, wanted: list[Requirement]) -> list[str]:
    """Return what is wrong with a lock file's text, one sentence each; `wanted` is what it must pin."""
    found: list[str] = []
    versions: dict[str, Version] = {}
    hashed: set[str] = set()
    name = ""
    for number, line in enumerate(lock.splitlines(), start=1):
        if ADDRESS.search(line):
            found.append(f"line {number} holds an address: a lock file must work with every package index")
        if pinned := PINNED.match(line):
            name = pinned["name"]
            versions[name] = Version(pinned["version"])
        elif line[:1].strip() and not line.startswith("#"):
            found.append(f"line {number} pins no exact version: {line.strip()}")
        elif line.strip().startswith("--hash=sha256:"):
            hashed.add(name)
    found += [f"{name} has no hash" for name in versions if name not in hashed]
    for requirement in wanted:
        version = versions.get(re.sub(r"[-_.]+", "-", requirement.name).lower())
        if version is None:
            found.append(f"{requirement.name} is in pyproject.toml but not pinned; run: make lock")
        elif version not in requirement.specifier:
            found.append(f"{requirement} in pyproject.toml, but {version} is pinned; run: make lock")
    return found


def wanted_by(project: dict[str, object], groups: tuple[str, ...]) -> list[Requirement]:
    """Return every direct requirement of a parsed pyproject.toml: all extras, and the groups that are named."""
    match project:
        case {
            "project": {"dependencies": list(always), "optional-dependencies": dict(extras)},
            "dependency-groups": dict(more),
        }:
            lines = [*always, *(line for extra in extras.values() for line in extra)]
            lines += [line for group in groups for line in more[group] if isinstance(line, str)]
            return [Requirement(line) for line in lines]
    message = "pyproject.toml lacks its dependencies"
    raise ValueError(message)


def faults_of(name: str) -> list[str]:
    """Return what is wrong with the lock file of that name in requirements/."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    if name in GROUPS_ALONE:
        wanted = [Requirement(line) for line in project["dependency-groups"][GROUPS_ALONE[name]]]
    else:
        wanted = wanted_by(project, PURPOSES[name])
    return faults(lock, wanted)


def main() -> int:
    """Check every lock file; print every fault."""
    found = [f"requirements/{name}: {fault}" for name in (*PURPOSES, *GROUPS_ALONE) for fault in faults_of(name)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer.main

from risiti.cli import app
from risiti.gateway.fiscal.shapes import parse_invoice
from scripts import check_locks
from tests.architecture.source import ROOT

SHELL_BLOCK = re.compile(r"```(?:sh|console|bash)\n(.*?)```", re.DOTALL)
SOMEBODYS_HOME = re.compile(r"/(?:home|Users)/\w+|/root/")
SYSTEM_DEPTH = 2  # "/" and "/root" say nothing about a machine
NOT_OURS = {".git", ".venv", "var", "build", "dist", "__pycache__", "node_modules"}


def _tracked_files() -> Iterator[Path]:
    """Yield the files that are in the repository, or would be: not ignored; without git, all but the usual leavings."""
    if (ROOT / ".git").exists() and (git := shutil.which("git")):
        listed = subprocess.run(
            [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        yield from (path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file())
        return
    for path in ROOT.rglob("*"):
        hidden = NOT_OURS.intersection(path.parts) or any(part.endswith(("_cache", ".egg-info")) for part in path.parts)
        if path.is_file() and not hidden:
            yield path


def _machine_words() -> list[str]:
    """Return what would give away the machine that this runs on."""
    return [str(ROOT), *(str(home) for home in [Path.home()] if len(home.parts) > SYSTEM_DEPTH)]


def _names_a_machine(text: str) -> str | None:
    """Return the first path in a text that exists on one machine only."""
    for word in _machine_words():
        if word in text:
            return word
    found = SOMEBODYS_HOME.search(text)
    return found.group() if found else None


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    found = []
    for path in _tracked_files():
        data = path.read_bytes()
        if path != Path(__file__) and b"\0" not in data and (word := _names_a_machine(data.decode(errors="replace"))):
            found.append(f"{path.relative_to(ROOT)}: {word}")
    assert not found


@pytest.mark.parametrize("text", [f"see {ROOT}/var", "run /home/okello/risiti/demo", "/root/.config"])
def test_a_planted_path_is_found(text: str) -> None:
    assert _names_a_machine(text)


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _commands_shown(text: str) -> list[str]:
    """Return the command lines in a document's shell blocks, without prompts and comments."""
    lines = [line.strip().removeprefix("$ ") for block in SHELL_BLOCK.findall(text) for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _unknown(command: str) -> str | None:
    """Return what is wrong with a command line that a document shows, if it is one of ours."""
    match command.removeprefix(".venv/bin/").split():
        case ["make", target, *_]:
            return None if target in _make_targets() else f"no make target {target}"
        case ["risiti", *words]:
            here = typer.main.get_command(app)
            for word in words:
                if word.startswith("-") or not isinstance(here, typer.core.TyperGroup):
                    break
                if word not in here.commands:
                    return f"no command {word} in {command}"
                here = here.commands[word]
    return None


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_command_that_a_document_shows_exists(document: str) -> None:
    commands = _commands_shown((ROOT / document).read_text(encoding="utf-8"))
    assert commands
    assert [fault for command in commands if (fault := _unknown(command))] == []


@pytest.mark.parametrize("command", ["make everything", "risiti fiscalise", ".venv/bin/risiti db destroy"])
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    assert _unknown(command)


@pytest.mark.parametrize("document", [*sorted(path.name for path in ROOT.glob("*.md")), "docs"])
def test_every_link_inside_the_repository_leads_somewhere(document: str) -> None:
    place = ROOT / document
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in ([place] if place.is_file() else sorted(place.rglob("*.md")))
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []


def test_the_invoice_in_the_readme_is_one_that_we_accept() -> None:
    body = re.search(r"-d '(.*?)'\n", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert body
    invoice = parse_invoice(body.group(1).encode(), now=datetime.now(UTC))
    assert invoice.reference == "FIRST-1"


def test_every_make_target_is_explained() -> None:
    explained = re.findall(r"^([a-z-]+):.* ## \S", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert _make_targets() == set(explained)


@pytest.mark.parametrize("lock", sorted([*check_locks.PURPOSES, *check_locks.GROUPS_ALONE]))
def test_a_lock_file_pins_everything_and_names_no_address(lock: str) -> None:
    assert check_locks.faults_of(lock) == []


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://packages.example/simple\n",
        "risiti @ file:///srv/risiti.whl\n",
        "typer>=0.16\n",
        "typer==0.16\n",
        "aiohttp==1.0 \\\n    --hash=sha256:00\n",
    ],
)
def test_a_lock_file_with_an_address_or_a_loose_version_is_refused(text: str) -> None:
    assert check_locks.faults(
        text,
        check_locks.wanted_by(
            {"project": {"dependencies": ["aiohttp>=3"], "optional-dependencies": {}}, "dependency-groups": {}}, ()
        ),
    )

"""Writes the documentation that is made from the code; `--check` only says whether it is current.

* docs/ARCHITECTURE.md, between its markers: one line for each folder, from the package's docstring
* docs/modules.md: one line for each file
* docs/settings.md: every setting
"""

import argparse
import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from risiti.gateway.settings import as_markdown

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "risiti"
BEGIN = "<!-- folders: written by `make docs` -->\n"
END = "<!-- end of folders -->\n"


def main() -> int:
    """Write every generated text, or with `--check` name those that are out of date and return 1."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if something is out of date"
    )
    only_check = arguments.parse_args().check
    stale = [path for path, write in GENERATED.items() if not _is_current(path, write())]
    for path in stale:
        if only_check:
            print(f"{path} is out of date; run: make docs", file=sys.stderr)
        else:
            (ROOT / path).write_text(GENERATED[path](), encoding="utf-8")
            print(f"wrote {path}")
    return 1 if only_check and stale else 0


def architecture() -> str:
    """Return docs/ARCHITECTURE.md with its folder list renewed."""
    text = (ROOT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = "docs/ARCHITECTURE.md has lost the markers of its folder list"
        raise ValueError(message)
    folders = [path for path in _packages() if path != SOURCE]
    width = max(len(_shown(path)) for path in folders)
    lines = [f"{_shown(path).ljust(width)}  {first_line(path / '__init__.py')}\n" for path in folders]
    return f"{before}{BEGIN}```text\n{''.join(lines)}```\n{END}{after}"


def modules() -> str:
    """Return docs/modules.md: every file of ours with the first line of its docstring."""
    parts = ["# Every module\n\n<!-- Written by `make docs`; do not edit. -->\n"]
    for package in _packages():
        parts.append(f"\n## {_shown(package)}\n\n{first_line(package / '__init__.py')}\n\n")
        files = [path for path in sorted(package.glob("*.py")) if path.name != "__init__.py"]
        parts += [f"* `{path.name}`: {first_line(path)}\n" for path in files]
    return "".join(parts).replace("\n\n\n", "\n\n").rstrip("\n") + "\n"


def first_line(path: Path) -> str:
    """Return what a module says that it is for.

    Raises:
        ValueError: it does not say it.
    """
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not docstring:
        message = f"{path.relative_to(ROOT)} does not say what it is for: its docstring is missing"
        raise ValueError(message)
    return docstring.splitlines()[0]


GENERATED: dict[str, Callable[[], str]] = {
    "docs/ARCHITECTURE.md": architecture,
    "docs/modules.md": modules,
    "docs/settings.md": as_markdown,
}


def _packages() -> Iterator[Path]:
    yield from (path.parent for path in sorted(SOURCE.rglob("__init__.py"), key=lambda path: path.parent.parts))


def _shown(package: Path) -> str:
    return f"{package.relative_to(SOURCE.parent).as_posix()}/"


def _is_current(path: str, text: str) -> bool:
    file = ROOT / path
    return file.exists() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())

"""Our source as the rules see it: every module parsed, every imported name resolved."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src"


@dataclass(frozen=True)
class Breach:
    """A line that breaks a rule."""

    where: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.what}"


@dataclass(frozen=True)
class Module:
    """One source file; `name` is its dotted name."""

    name: str
    text: str
    tree: ast.Module = field(repr=False, compare=False)

    def breach(self, line: int, what: str) -> Breach:
        """Return a breach in this file."""
        return Breach(self.name, line, what)

    def is_in(self, places: Sequence[str]) -> bool:
        """Whether this is one of the modules or packages named, or lies in one."""
        return any(self.name == place or self.name.startswith(f"{place}.") for place in places)

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield each call with the dotted name it resolves to: `now()` after an import becomes `datetime.datetime.now`.

        A call on something that is not imported yields the name as written after a dot: `.session.commit`.
        """
        meanings = dict(_imports(self.tree))
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and (written := _dotted(node.func)):
                first, _, rest = written.partition(".")
                meaning = meanings.get(first, f".{first}")
                yield (f"{meaning}.{rest}" if rest else meaning), node

    def words(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
        """Yield every match of a pattern anywhere in the file, comments and docstrings too, with its line."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            for match in pattern.finditer(line):
                yield number, match.group()


def module(name: str, text: str) -> Module:
    """Parse a module from its text."""
    return Module(name, text, ast.parse(text))


@cache
def our_modules() -> tuple[Module, ...]:
    """Return all modules under `src`."""
    return tuple(module(_name_of(path), path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py")))


def _name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield (name.asname, name.name) if name.asname else (name.name.split(".")[0], name.name.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c` for that expression; what is no name becomes `()`: `of(x).commit` is `().commit`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{_dotted(value) or '()'}.{attribute}"
    return ""

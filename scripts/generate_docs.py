"""Writes the documentation that is made from the code; `--check` only says whether it is current.

* docs/ARCHITECTURE.md, between its markers: one line for each folder, from the package's docstring
* docs/interfaces.md: every interface, and whether it is typed, called in a test, simulated
* docs/modules.md: one line for each file
* docs/protocol.md: every interface of the authority
* docs/return-code-coverage.md: which return codes the tests provoke
* docs/settings.md: every setting
* openapi.json: the REST API
* docs/simulator.md, between its markers: faults, magic references and settings of the simulator
* docs/validation.md, between its markers: every code of a problem
"""

import argparse
import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from risiti.efris import interfaces
from risiti.efris.interface import Interface, Secrecy
from risiti.efris.models.base import EfrisAnswerRows, EfrisRows, NoContent
from risiti.gateway.api import openapi
from risiti.gateway.settings import as_markdown
from risiti.simulator.page import tables

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # two pages are made from the tests

from scripts import interface_page, problem_page, return_code_page  # noqa: E402 - as said above

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


def protocol() -> str:
    """Return docs/protocol.md: the table of interfaces, one line for each row."""
    names = {value.code: name for name, value in vars(interfaces).items() if isinstance(value, Interface)}
    lines = []
    for code, row in interfaces.INTERFACES.items():
        cells = (
            code,
            f"`{names[code]}`",
            row.summary,
            row.effect.value,
            _SECRET[row.secrecy] if row.documented else "unknown",
            "" if row.request is NoContent else _model(row.request, is_list=issubclass(row.request, EfrisRows)),
            _model(row.answer, is_list=issubclass(row.answer, EfrisAnswerRows)),
        )
        lines.append(f"| {' | '.join(cells)} |\n")
    return _PROTOCOL_HEAD.format(count=len(lines)) + "".join(lines) + _PROTOCOL_NOTES


_SECRET = {
    Secrecy.BOTH: "request, answer",
    Secrecy.REQUEST: "request",
    Secrecy.ANSWER: "answer",
    Secrecy.NEITHER: "",
}

_PROTOCOL_HEAD = """\
# Every interface

<!-- Written by `make docs`; do not edit. -->

All {count} interfaces of the authority's protocol, v23.4 with what newer public clients show. Each is a row of
`risiti.efris.interfaces` under the name in the second column, which `risiti.efris` exports:

```python
page = await client.call(FIND_INVOICES, InvoiceQuery(reference_no="INV-1"))
```

A `read` may be repeated at will; a `write` is sent once and never again by itself. Models stand in
`risiti.efris.models`; a star marks those that are a list on the wire.

| code | name | what it is for | effect | encrypted | request | answer |
| --- | --- | --- | --- | --- | --- | --- |
"""

_PROTOCOL_NOTES = """
## What is encrypted and what is signed

* A request's content that is encrypted is AES-128 under the session key, and signed. One that is not encrypted is
  signed all the same.
* A request without content is neither, with two exceptions: `COMMODITY_CATEGORIES` and `EXCISE_DUTIES` carry a
  signature over the empty text. The document calls them plain and says nothing of signatures; a client in use reports
  that they, and `FIND_COMMODITY_CATEGORIES`, are refused without one.
* `BRANCHES` and `START_DEVICE` have content only if a value is given. What newer clients encrypt there nobody has
  published; we send it in the clear, signed, as the document's flags say.
* An answer is read by what its bytes are, whatever this table or its own flags say: base64, gzip and AES are each
  undone where they are found, and plain JSON under a flag that promises encryption is taken as plain.
* `unknown`: the interface is known from its return codes alone. Its request is encrypted, as most are, may carry any
  further field, and its answer is kept as it came.
* Before an offline enabler nothing is encrypted or signed.

## Decisions where the published limits disagree

* Where a field's table and its return code print different limits, the code's counts, for it is what refuses: amounts
  of lines have two decimals (codes 1195, 1201, 1451), `oriInvoiceId` has 20 bytes (2784), payments 12 digits (2266).
* Pages have 99 rows at most: 100 by the document, but public clients are refused with 1526.
* `deliveryTermsCode` is looked for in `buyerDetails` (codes 3155 to 3157); the field that the document's sample shows
  in `basicInformation` exists too.
* The summary of a credit note is negative, as its table demands; the document's sample shows it positive.
"""


def _model(model: type, *, is_list: bool) -> str:
    return f"`{model.__module__.rpartition('.')[2]}.{model.__name__}`{' *' if is_list else ''}"


def simulator() -> str:
    """Return docs/simulator.md with its tables renewed."""
    return tables.renewed((ROOT / "docs/simulator.md").read_text(encoding="utf-8"))


def validation() -> str:
    """Return docs/validation.md with its table renewed."""
    return problem_page.renewed((ROOT / "docs/validation.md").read_text(encoding="utf-8"))


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
    "docs/interfaces.md": interface_page.as_markdown,
    "docs/modules.md": modules,
    "docs/protocol.md": protocol,
    "docs/return-code-coverage.md": return_code_page.as_markdown,
    "docs/settings.md": as_markdown,
    "docs/simulator.md": simulator,
    "docs/validation.md": validation,
    "openapi.json": lambda: openapi.as_text(openapi.build()),
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

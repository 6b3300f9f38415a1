"""Rules about our source that a reviewer would otherwise have to remember; each finds every line that breaks it."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache

from tests.architecture.source import Breach, Module, our_modules

Rule = Callable[[Module], Iterator[Breach]]

DATABASE = ("risiti.gateway.db",)
RAW_SQL = (
    "risiti.gateway.db",
    "risiti.gateway.migrations",
    "risiti.gateway.submissions.sql",
    "risiti.gateway.fiscal.sql",
    "risiti.gateway.tenancy.sql",
)
CLOCKS_AND_CHANCE = (
    "risiti.gateway.kernel.clock",
    "risiti.gateway.kernel.ids",
    "risiti.efris.clock",
    "risiti.simulator.clock",
    "risiti.cli",  # puts everything together, so real clocks enter here
)
WIRE = (
    "risiti.efris",
    "risiti.simulator",
    "risiti.gateway.fiscal.wire",
    "risiti.gateway.fiscal.issued",
    "risiti.gateway.fiscal.adapters.efris_json",
    "risiti.gateway.fiscal.kinds",
    "risiti.gateway.fiscal.refusals",  # the authority's refusals in our words
    "risiti.gateway.fiscal.validation.codes",  # which of its codes a problem would become
    "risiti.cli.efris",  # the protocol from the command line
    "risiti.cli.captured",
)

_READS_TIME_OR_CHANCE = re.compile(
    r"""
    (datetime\.)?(datetime|date)\.(now|utcnow|today)
    | time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|localtime|gmtime|sleep)
    | random\..+
    | uuid\.uuid[1-8]
    | secrets\.(token_\w+|choice|randbelow|randbits|SystemRandom)
    | os\.urandom
    """,
    re.VERBOSE,
)
_RAW_SQL_CALL = re.compile(r"sqlalchemy(\..+)?\.text|.+\.exec_driver_sql")
_EXECUTES = re.compile(r".+\.(execute|executemany|executescript|scalar|scalars)")
_INTERFACE_CODE = re.compile(r"\bT1[0-9]{2}\b")
_CAMEL_CASE = re.compile(r"[a-z]+[0-9]*(?:[A-Z][a-z0-9]*)+")


def commits_outside_the_database_package(module: Module) -> Iterator[Breach]:
    """A transaction is ended by `Database.write` only, so that nobody can answer before it, or half of it."""
    if module.is_in(("risiti.gateway",)) and not module.is_in(DATABASE):
        for name, call in module.calls():
            if name.endswith((".commit", ".rollback")):
                yield module.breach(call.lineno, f"{name}() outside risiti.gateway.db")


def reads_time_or_chance(module: Module) -> Iterator[Breach]:
    """Time, randomness and ids come in as parameters, so that a test decides them."""
    if not module.is_in(CLOCKS_AND_CHANCE):
        for name, call in module.calls():
            if _READS_TIME_OR_CHANCE.fullmatch(name):
                yield module.breach(call.lineno, f"{name}() outside the clock and id modules")


def writes_raw_sql(module: Module) -> Iterator[Breach]:
    """Raw SQL passes the company filter by; it stands only where a module says why."""
    if not module.is_in(("risiti.gateway",)) or module.is_in(RAW_SQL):
        return
    declares_tables = module.name.endswith(".tables")  # the condition of a partial index can only be text
    for name, call in module.calls():
        is_text = call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
        if name == "sqlalchemy.text" and declares_tables:
            continue
        if _RAW_SQL_CALL.fullmatch(name) or (_EXECUTES.fullmatch(name) and is_text):
            yield module.breach(call.lineno, f"{name}() with SQL as text")


def speaks_wire(module: Module) -> Iterator[Breach]:
    """Interface codes and field names of the authority stay in the protocol package and its translators."""
    if module.is_in(WIRE):
        return
    for line, code in module.words(_INTERFACE_CODE):
        yield module.breach(line, f"interface code {code}")
    for node in ast.walk(module.tree):
        for word, line in _words_of(node):
            if word in wire_words():
                yield module.breach(line, f"wire word {word}")


ALL: tuple[Rule, ...] = (commits_outside_the_database_package, reads_time_or_chance, writes_raw_sql, speaks_wire)


@cache
def wire_words() -> frozenset[str]:
    """Return the authority's field names that can be told from English: those with a capital inside.

    They are the texts in camel case in the protocol package, and its models' field names as they travel.
    """
    words: set[str] = set()
    for module in our_modules():
        if not module.is_in(("risiti.efris",)):
            continue
        for node in ast.walk(module.tree):
            match node:
                case ast.Constant(value=str(text)) if _CAMEL_CASE.fullmatch(text):
                    words.add(text)
                case ast.AnnAssign(target=ast.Name(id=name)) if module.is_in(("risiti.efris.models",)):
                    words.add(_as_it_travels(name))
    return frozenset(word for word in words if _CAMEL_CASE.fullmatch(word))


def _words_of(node: ast.AST) -> Iterator[tuple[str, int]]:
    match node:
        case ast.Constant(value=str(text), lineno=line):
            for found in _CAMEL_CASE.finditer(text):
                yield found.group(), line
        case ast.Name(id=name, lineno=line) | ast.Attribute(attr=name, lineno=line) | ast.arg(arg=name, lineno=line):
            yield name, line
        case ast.keyword(arg=str(name), value=value):
            yield name, value.lineno


def _as_it_travels(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)

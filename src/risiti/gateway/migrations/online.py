"""Which statements of a new version would stop a running service: locks that last, or what old processes cannot bear.

Old and new processes run side by side while a release is rolled out. So a version expands: new tables, columns that
may be empty, constraints that hold for new rows. What is old goes in a later release, whose version says
`CONTRACTS = True`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

CONTRACTS: Final = "CONTRACTS"
"""A version with this set to True removes what no process of the release before it uses any more."""

_CREATES: Final = re.compile(r'CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?', re.IGNORECASE)
_TABLE: Final = re.compile(r'\b(?:ALTER TABLE|UPDATE|DELETE FROM|ON)\s+(?:ONLY\s+)?"?(\w+)"?', re.IGNORECASE)

_RULES: Final[tuple[tuple[str, str], ...]] = (
    (
        r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)",
        "an index on a table in use stops its writers: CREATE INDEX CONCURRENTLY, outside the transaction",
    ),
    (
        r"ADD COLUMN (?=.*\bNOT NULL\b)(?!.*\bDEFAULT\b)",
        "old processes do not fill a column that must not be empty: let it be empty, or give it a default",
    ),
    (r"ADD COLUMN .*\bDEFAULT\b.*\b(random|clock_timestamp|gen_random_uuid)\b", "this default rewrites the table"),
    (
        r"ADD (CONSTRAINT \S+ )?(FOREIGN KEY|CHECK)(?!.*\bNOT VALID\b)",
        "the whole table is checked under a lock: add it NOT VALID, then VALIDATE CONSTRAINT",
    ),
    (
        r"ADD (CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY) (?!USING INDEX)",
        "it builds an index under a lock: build a unique index CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX",
    ),
    (r"ALTER COLUMN \S+ (SET DATA )?TYPE\b", "a column that changes its type rewrites the table: add a new column"),
    (
        r"ALTER COLUMN \S+ SET NOT NULL",
        "the whole table is read under a lock: add CHECK (... IS NOT NULL) NOT VALID and validate it first",
    ),
    (r"\bRENAME\b", "old processes know the old name: add what is new, remove what is old in a later release"),
    (r"^(UPDATE|DELETE FROM)\b", "rows are filled in portions by a background task, not while everybody waits"),
    (r"^(LOCK|CLUSTER|VACUUM FULL|REINDEX (?!.*CONCURRENTLY))", "it stops everybody"),
)
_CONTRACTION: Final = re.compile(r"\b(DROP COLUMN|DROP TABLE|DROP CONSTRAINT)\b", re.IGNORECASE)


def faults(statements: Iterable[str], *, contracts: bool = False) -> Iterator[str]:
    """Yield what is wrong with a version's statements on PostgreSQL, each with what to do instead.

    Args:
        statements: In their order; tables that are made among them may be changed freely, nobody uses them yet.
        contracts: The version says that it removes what is not used any more.
    """
    new = {"alembic_version"}
    for statement in statements:
        sql = " ".join(statement.split())
        new.update(name.lower() for name in _CREATES.findall(sql))
        touched = {name.lower() for name in _TABLE.findall(sql)}
        if touched and touched <= new:
            continue
        for pattern, advice in _RULES:
            if re.search(pattern, sql, re.IGNORECASE):
                yield f"{sql[:100]}: {advice}"
        if not contracts and _CONTRACTION.search(sql):
            yield f"{sql[:100]}: old processes may use it: remove it in a later release, with {CONTRACTS} = True"

"""Deemed and exempt projects (T137): for whom VAT counts as paid or is not due, on what, and how much is left."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from risiti.simulator.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS vat_projects (
    id TEXT PRIMARY KEY, tin TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, category TEXT NOT NULL,
    unit TEXT NOT NULL, quantity TEXT NOT NULL, amount TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS vat_projects_of_buyer ON vat_projects (tin);
"""

EXEMPT_KINDS = frozenset({"105", "106"})
"""Kinds of project (T137 deemedExemptCode) that are exempt; all others are deemed."""

_COLUMNS = "id, tin, name, kind, category, unit, quantity, amount"


@dataclass(frozen=True, slots=True)
class Project:
    """One project of a buyer.

    Attributes:
        id: Project number.
        tin: The buyer.
        name: Its name.
        kind: T137 deemedExemptCode, `101` to `109`.
        category: Commodity category it covers.
        unit: Unit of measure its supplies must be sold in (3047).
        quantity: Quantity left, in that unit (3037).
        amount: UGX left, VAT included (3037).
    """

    id: str
    tin: str
    name: str
    kind: str
    category: str
    unit: str
    quantity: Decimal
    amount: Decimal

    @property
    def exempt(self) -> bool:
        """Whether its supplies are exempt; otherwise their VAT is deemed paid."""
        return self.kind in EXEMPT_KINDS


class Projects:
    """Projects in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def put(self, project: Project) -> None:
        """Register a project, or replace what is known of it."""
        values = (
            project.id,
            project.tin,
            project.name,
            project.kind,
            project.category,
            project.unit,
            format(project.quantity, "f"),
            format(project.amount, "f"),
        )
        with self._store.transaction() as db:
            db.execute(f"INSERT OR REPLACE INTO vat_projects ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - constants

    def seed(self, projects: Iterable[Project]) -> None:
        """Register projects that are not known yet."""
        for project in projects:
            if self.find(project.id) is None:
                self.put(project)

    def find(self, project_id: str) -> Project | None:
        """Find a project by its number."""
        found = self._select("id = ?", project_id)
        return found[0] if found else None

    def of(self, tin: str) -> list[Project]:
        """List the projects of a buyer."""
        return self._select("tin = ?", tin)

    def use(self, project_id: str, quantity: Decimal, amount: Decimal) -> None:
        """Take a supply off what is left; a project that is not known changes nothing."""
        project = self.find(project_id)
        if project is not None:
            left = (project.quantity - quantity, project.amount - amount)
            with self._store.transaction() as db:
                db.execute(
                    "UPDATE vat_projects SET quantity = ?, amount = ? WHERE id = ?",
                    (format(left[0], "f"), format(left[1], "f"), project_id),
                )

    def _select(self, where: str, value: str) -> list[Project]:
        with self._store.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM vat_projects WHERE {where} ORDER BY id",  # noqa: S608 - fixed texts only
                (value,),
            ).fetchall()
        return [_project(row) for row in rows]


def _project(row: tuple[str, ...]) -> Project:
    number, tin, name, kind, category, unit, quantity, amount = row
    return Project(number, tin, name, kind, category, unit, Decimal(quantity), Decimal(amount))

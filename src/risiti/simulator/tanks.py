"""The fuel tanks of the sellers' branches, as T131 and T139 check them."""

from dataclasses import dataclass

from risiti.simulator.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS tanks (
    tin TEXT NOT NULL, id TEXT NOT NULL, branch TEXT NOT NULL, commodity_goods_id TEXT NOT NULL, PRIMARY KEY (tin, id)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Tank:
    """One tank: its number, the branch it stands in, the goods number of what it holds."""

    id: str
    branch: str
    commodity_goods_id: str


class Tanks:
    """Tanks in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.reading() as db:
            db.executescript(SCHEMA)

    def put(self, tin: str, tank: Tank) -> None:
        """Register a tank, or replace what is known about it."""
        with self._store.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO tanks VALUES (?, ?, ?, ?)", (tin, tank.id, tank.branch, tank.commodity_goods_id)
            )

    def find(self, tin: str, tank_id: str) -> Tank | None:
        """Find a tank of a taxpayer."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT id, branch, commodity_goods_id FROM tanks WHERE tin = ? AND id = ?", (tin, tank_id)
            ).fetchone()
        return None if row is None else Tank(*row)

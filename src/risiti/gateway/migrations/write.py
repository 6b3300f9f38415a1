"""Writes the next version of the tables: `python -m risiti.gateway.migrations.write add_branches`.

It compares the tables of the code with those of the last version and writes what differs, to be read and corrected by a
person.
"""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from risiti.gateway.db.sqlite import SqliteDatabase
from risiti.gateway.migrations.run import FOLDER, configuration


async def write(name: str) -> Path:
    """Write the next version and return its file.

    Raises:
        ValueError: the name is not in lower case with underscores.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,40}", name):
        raise ValueError("a version's name is in lower case with underscores, such as add_branches")
    number = len(list((FOLDER / "versions").glob("[0-9]*.py"))) + 1
    revision = f"{number:04d}_{name}"

    def compare(connection: Connection) -> None:
        config = configuration(connection)
        config.set_section_option("post_write_hooks", "hooks", "fix, format")
        for hook, options in (("fix", "check --fix --quiet --exit-zero"), ("format", "format")):
            config.set_section_option("post_write_hooks", f"{hook}.type", "exec")
            config.set_section_option(
                "post_write_hooks", f"{hook}.executable", str(Path(sys.executable).with_name("ruff"))
            )
            config.set_section_option("post_write_hooks", f"{hook}.options", f"{options} REVISION_SCRIPT_FILENAME")
        command.revision(
            config,
            message=name.replace("_", " ").capitalize(),
            autogenerate=True,
            rev_id=revision,
        )

    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(Path(folder) / "empty.db")
        try:
            await database.administer(lambda connection: command.upgrade(configuration(connection), "head"))
            await database.administer(compare)
        finally:
            await database.close()
    written = FOLDER / "versions" / f"{revision}.py"
    lines = written.read_text(encoding="utf-8").splitlines(keepends=True)
    written.write_text("".join(line for line in lines if not line.startswith("    # ###")), encoding="utf-8")
    return written


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(write(*sys.argv[1:2]))}\n")

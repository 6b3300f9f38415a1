"""Row-level security on PostgreSQL: the two roles as which units of work run, and the words that bind a unit to one.

No unit of work runs as the role that connected: that one owns the tables, and row security does not hold its owner. A
unit that sees one company runs as COMPANY_ROLE, whose policies let it see the rows of the company that SETTING names,
and none while nothing is named. All other units run as SYSTEM_ROLE, whose policies let it see every row. Both end with
the transaction. A connection that carries units over the driver alone, which see all companies, stands as SYSTEM_ROLE
between its transactions too (`postgres_binding.py`). Migrations, checks and copies run as the role that connected.
"""

from typing import Final

COMPANY_ROLE: Final = "risiti_company"
SYSTEM_ROLE: Final = "risiti_system"
SETTING: Final = "risiti.company"

UNBOUND: Final = "RESET ROLE;"
"""Whatever the connection stood as since: the role that connected, or the one that the server gives it."""
EVERY_COMPANY: Final = f"SET LOCAL ROLE {SYSTEM_ROLE};"


def one_company(company_id: str) -> str:
    """Return the statements that bind a transaction to a company; they are sent together with its BEGIN.

    Raises:
        ValueError: the id holds U+0000, which no statement can hold.
    """
    if "\0" in company_id:
        message = "a company's id does not hold U+0000"
        raise ValueError(message)
    quoted = company_id.replace("'", "''")  # enough, because standard_conforming_strings is on
    return f"SET LOCAL ROLE {COMPANY_ROLE}; SET LOCAL {SETTING} = '{quoted}';"

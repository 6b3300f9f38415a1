import pytest

from tests.architecture import rules
from tests.architecture.rules import Rule
from tests.architecture.source import Breach, module, our_modules


def _name(rule: Rule) -> str:
    return rule.__name__


def _breaches(rule: Rule, name: str, text: str) -> list[Breach]:
    return list(rule(module(name, text)))


@pytest.mark.parametrize("rule", rules.ALL, ids=_name)
def test_no_line_breaks_the_rule(rule: Rule) -> None:
    broken = [str(breach) for our in our_modules() for breach in rule(our)]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (rules.commits_outside_the_database_package, "def create(session):\n    session.commit()"),
        (rules.commits_outside_the_database_package, "make().connection.rollback()"),
        (rules.reads_time_or_chance, "from datetime import UTC, datetime\nnow = datetime.now(UTC)"),
        (rules.reads_time_or_chance, "import datetime as d\nnow = d.datetime.utcnow()"),
        (rules.reads_time_or_chance, "from datetime import date\ntoday = date.today()"),
        (rules.reads_time_or_chance, "from time import time as seconds\nbegan = seconds()"),
        (rules.reads_time_or_chance, "import time\ntime.sleep(1)"),
        (rules.reads_time_or_chance, "import random\nrandom.shuffle([])"),
        (rules.reads_time_or_chance, "import uuid\nnew = uuid.uuid4().hex"),
        (rules.reads_time_or_chance, "from secrets import token_hex\nnew = token_hex(8)"),
        (rules.reads_time_or_chance, "import os\nnew = os.urandom(8)"),
        (rules.writes_raw_sql, "from sqlalchemy import text\nquery = text('SELECT 1')"),
        (rules.writes_raw_sql, "import sqlalchemy as sa\nquery = sa.text('SELECT 1')"),
        (rules.writes_raw_sql, "def drop(connection):\n    connection.exec_driver_sql('DROP TABLE documents')"),
        (rules.writes_raw_sql, "def drop(cursor, table):\n    cursor.execute(f'DROP TABLE {table}')"),
        (rules.speaks_wire, "def send():\n    '''Upload it (T109).'''"),
        (rules.speaks_wire, "body = {'referenceNo': '1'}"),
        (rules.speaks_wire, "def read(answer):\n    return answer.antifakeCode"),
    ],
)
def test_a_planted_breach_is_found(rule: Rule, text: str) -> None:
    assert _breaches(rule, "risiti.gateway.fiscal.planted", text)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (rules.commits_outside_the_database_package, "risiti.gateway.db.session", "session.commit()"),
        (rules.commits_outside_the_database_package, "risiti.simulator.store", "connection.commit()"),
        (rules.reads_time_or_chance, "risiti.gateway.kernel.clock", "import time\nnow = time.time()"),
        (rules.reads_time_or_chance, "risiti.gateway.fiscal.x", "def create(clock):\n    return clock.now()"),
        (
            rules.reads_time_or_chance,
            "risiti.gateway.fiscal.x",
            "import secrets\ndef new(chance=secrets.token_bytes): ...",
        ),
        (rules.reads_time_or_chance, "risiti.gateway.fiscal.x", "def pause(random):\n    return random.uniform(0, 1)"),
        (
            rules.writes_raw_sql,
            "risiti.gateway.fiscal.tables",
            "from sqlalchemy import text\nwhere = text('fdn IS NULL')",
        ),
        (rules.writes_raw_sql, "risiti.gateway.migrations.run", "from sqlalchemy import text\ntext('SELECT 1')"),
        (rules.writes_raw_sql, "risiti.gateway.fiscal.x", "from sqlalchemy import select\nsession.execute(select(1))"),
        (rules.speaks_wire, "risiti.efris.models.invoices", "word = 'referenceNo'  # T109"),
        (rules.speaks_wire, "risiti.gateway.fiscal.x", "reference_no = 'reference'"),
    ],
)
def test_what_is_allowed_is_left_alone(rule: Rule, name: str, text: str) -> None:
    assert not _breaches(rule, name, text)


def test_the_wire_words_are_the_authoritys_field_names() -> None:
    assert {"referenceNo", "antifakeCode", "dataExchangeId", "interfaceCode"} <= rules.wire_words()

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SOURCE

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def _lint(source: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter with our contracts over a tree."""
    only = [word for contract in contracts for word in ("--contract", contract)]
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-logo", "--no-cache", "--config", str(ROOT / "pyproject.toml"), *only],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copied_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our source to plant breaches in."""
    return Path(shutil.copytree(SOURCE, tmp_path_factory.mktemp("planted") / "src"))


def test_the_tree_keeps_every_contract() -> None:
    linted = _lint(SOURCE)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [
        ("efris-alone", "risiti/efris/envelope.py", "import risiti.gateway.kernel.clock"),
        ("efris-alone", "risiti/efris/errors.py", "import sqlalchemy"),
        ("no-test-double", "risiti/gateway/submissions/send.py", "import risiti.simulator.world"),
        ("simulator-shares-bytes", "risiti/simulator/rules/arithmetic.py", "from risiti.efris import amounts"),
        ("simulator-shares-bytes", "risiti/simulator/gate.py", "import risiti.efris.return_codes"),
        ("simulator-shares-bytes", "risiti/simulator/handlers/invoices.py", "from risiti.efris.models import invoices"),
        ("simulator-shares-bytes", "risiti/simulator/app.py", "from risiti.efris import AsyncClient"),
        ("simulator-shares-bytes", "risiti/simulator/rules/invoice.py", "import risiti.gateway.fiscal.totals"),
        ("efris-layers", "risiti/efris/crypto.py", "import risiti.efris.exchange"),
        ("efris-layers", "risiti/efris/nowhere.py", ""),
        ("gateway-layers", "risiti/gateway/submissions/states.py", "import risiti.gateway.fiscal.invoices"),
        ("gateway-layers", "risiti/gateway/db/types.py", "import risiti.gateway.tenancy.tables"),
        ("gateway-layers", "risiti/gateway/nowhere.py", ""),
        ("no-cycles", "risiti/gateway/submissions/states.py", "import risiti.gateway.submissions.settle"),
        ("doors-without-queries", "risiti/gateway/api/invoices.py", "import risiti.gateway.submissions.tables"),
        ("doors-without-queries", "risiti/gateway/api/invoices.py", "from sqlalchemy import select"),
        ("doors-without-authority", "risiti/gateway/api/invoices.py", "from risiti.efris import AsyncClient"),
        ("no-framework-below-doors", "risiti/gateway/fiscal/invoices.py", "from fastapi import HTTPException"),
        ("no-templates-below-doors", "risiti/gateway/fiscal/invoices.py", "import jinja2"),
        ("pure", "risiti/gateway/fiscal/totals.py", "import risiti.gateway.db.session"),
        ("pure-translation", "risiti/gateway/fiscal/wire.py", "import risiti.gateway.submissions.tables"),
        ("settings-at-the-top", "risiti/gateway/submissions/send.py", "import risiti.gateway.settings"),
        ("who-knows-the-protocol", "risiti/gateway/events.py", "import risiti.efris"),
        ("who-connects", "risiti/gateway/fiscal/invoices.py", "import risiti.gateway.submissions.connections"),
    ],
)
def test_a_planted_import_is_refused(copied_source: Path, contract: str, file: str, line: str) -> None:
    planted = copied_source / file
    before = planted.read_bytes() if planted.exists() else None
    try:
        planted.write_bytes((before or b"") + f"\n{line}\n".encode())
        linted = _lint(copied_source, contract)
        assert linted.returncode == 1, linted.stdout + linted.stderr
        assert "BROKEN" in linted.stdout, linted.stdout + linted.stderr
    finally:
        if before is None:
            planted.unlink()
        else:
            planted.write_bytes(before)

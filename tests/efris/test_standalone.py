"""The package on its own: what it needs, what its users' type checker says, what a program of theirs does."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mypy import api

from scripts.sdk_lock import closure
from tests.efris import known
from tests.simulated import simulator

SAMPLE = Path(__file__).with_name("sample_user.py")
REFUSING = """
import importlib.abc, sys

class Others(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"{name} is no part of the SDK", name=name)

sys.meta_path.insert(0, Others())
there = set(sys.modules)
import risiti.efris
print(sorted({name.partition(".")[0] for name in set(sys.modules) - there} & REFUSED))
"""


def test_it_imports_where_only_its_own_requirements_are_installed() -> None:
    needed = closure("risiti") | {"risiti"}
    refused = {
        module for module, owners in packages_distributions().items() if not needed.intersection(map(_normal, owners))
    }
    assert {"fastapi", "sqlalchemy", "typer", "starlette"} <= refused
    assert not {"aiohttp", "cryptography", "pydantic", "risiti"} & refused
    program = f"REFUSED = {refused!r}\n{REFUSING}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the type checker keeps what it knows of the package."""
    return tmp_path_factory.mktemp("mypy")


def type_check(program: Path, cache: Path) -> tuple[int, str]:
    """Check a program as a user would who has no settings of ours."""
    arguments = ["--strict", "--config-file", os.devnull, "--cache-dir", str(cache), str(program)]
    said, complained, code = api.run(arguments)
    return code, said + complained


def test_a_users_program_passes_the_strictest_type_check(cache: Path) -> None:
    code, said = type_check(SAMPLE, cache)
    assert code == 0, said


def test_a_users_program_that_is_wrong_does_not_pass(tmp_path: Path, cache: Path) -> None:
    wrong = tmp_path / "wrong_user.py"
    wrong.write_text(
        "from risiti.efris import FIND_TAXPAYER, UPLOAD_INVOICE, Client\n"
        "from risiti.efris.models.taxpayers import TaxpayerQuery\n"
        "def main(authority: Client) -> None:\n"
        "    authority.call(UPLOAD_INVOICE, TaxpayerQuery(tin='1000000001'))\n"
        "    authority.call(FIND_TAXPAYER, TaxpayerQuery(tan='1000000001'))\n"
        "    authority.call(FIND_TAXPAYER, TaxpayerQuery()).taxpayer.name\n"
    )
    code, said = type_check(wrong, cache)
    assert code == 1
    assert [line.split(":")[1] for line in said.splitlines() if ": error:" in line] == ["4", "5", "6"]


def test_a_users_program_runs_against_the_simulator_without_a_warning(tmp_path: Path) -> None:
    key = known.taxpayer_key()
    file = tmp_path / "device.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with simulator() as running:
        running.register(key)
        command = [sys.executable, "-W", "error", str(SAMPLE), str(file), running.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    time, number, again, name = done.stdout.splitlines()
    assert time.endswith("+03:00")
    assert number.isdigit()
    assert again == "already there"
    assert name

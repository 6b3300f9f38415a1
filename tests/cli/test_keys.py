import json
from pathlib import Path

from tests.cli.test_people import company_id, risiti

__all__ = ["company_id"]


def test_the_key_encryption_key_is_exchanged_by_three_commands(tmp_path: Path, company_id: str) -> None:
    old = json.loads(risiti(tmp_path, "keys", "list", "--json").stdout)["items"]
    assert [(row["wraps"], row["data_keys"]) for row in old] == [(True, 1)]
    made = json.loads(risiti(tmp_path, "keys", "new", "--json").stdout)
    rotated = risiti(tmp_path, "keys", "rotate")
    assert (rotated.returncode, rotated.stdout.strip()) == (0, f"1 data keys are wrapped by {made['id']} now")
    assert json.loads(risiti(tmp_path, "keys", "retire", "--json").stdout) == {"ids": [old[0]["id"]]}
    left = json.loads(risiti(tmp_path, "keys", "list", "--json").stdout)["items"]
    assert [(row["id"], row["data_keys"]) for row in left] == [(made["id"], 1)]
    assert company_id in risiti(tmp_path, "company", "list").stdout

from pathlib import Path

from tests.cli.inside import risiti
from tests.cli.test_people import company_id

__all__ = ["company_id"]


def test_the_key_encryption_key_is_exchanged_by_three_commands(tmp_path: Path, company_id: str) -> None:
    old = risiti(tmp_path, "keys", "list", "--json").result["items"]
    assert [(row["wraps"], row["data_keys"]) for row in old] == [(True, 1)]
    made = risiti(tmp_path, "keys", "new", "--json").result
    rotated = risiti(tmp_path, "keys", "rotate")
    assert rotated.returncode == 0
    assert rotated.stdout.endswith(f"1 data keys are wrapped by {made['id']} now\n")
    assert risiti(tmp_path, "keys", "retire", "--json").result == {"ids": [old[0]["id"]]}
    left = risiti(tmp_path, "keys", "list", "--json").result["items"]
    assert [(row["id"], row["data_keys"]) for row in left] == [(made["id"], 1)]
    assert company_id in risiti(tmp_path, "company", "list").stdout

import json
from pathlib import Path

from tests.cli.inside import risiti
from tests.make import a_private_key, as_pem


def test_a_branch_is_opened_a_device_moved_to_it_and_away_and_the_branch_closed(tmp_path: Path) -> None:
    company = risiti(
        tmp_path,
        *("company", "open", "--tin", "1000000000", "--name", "Mango Street Grocers (fictitious)"),
        *("--email", "books@mango-street.invalid", "--json"),
    )
    company_id = str(json.loads(company.stdout)["id"])
    key = tmp_path / "device.pem"
    key.write_bytes(as_pem(a_private_key()))
    added = risiti(tmp_path, "device", "add", company_id, "--device-no", "D1", "--key", str(key), "--json")
    device_id = str(json.loads(added.stdout)["id"])
    names = ("--code", "KLA-1", "--name", "Kampala Road")
    opened = risiti(tmp_path, "branch", "open", company_id, *names, "--ura-id", "206637525568955296", "--json")
    branch_id = str(json.loads(opened.stdout)["id"])

    moved = risiti(tmp_path, "device", "move", company_id, device_id, "--branch", branch_id, "--json")
    assert json.loads(moved.stdout)["branch_id"] == branch_id
    listed = json.loads(risiti(tmp_path, "branch", "list", company_id, "--json").stdout)["items"]
    assert [(one["code"], one["devices"]) for one in listed] == [("KLA-1", 1)]
    refused = risiti(tmp_path, "branch", "close", company_id, branch_id)
    assert (refused.returncode, "Move them first" in refused.stderr) == (3, True)
    changed = risiti(tmp_path, "branch", "change", company_id, branch_id, *names)
    assert "documents do not name it" in changed.stdout

    assert risiti(tmp_path, "device", "move", company_id, device_id).returncode == 2
    assert "no branch" in risiti(tmp_path, "device", "move", company_id, device_id, "--none").stdout
    assert "closed" in risiti(tmp_path, "branch", "close", company_id, branch_id).stdout

import json
from pathlib import Path

from tests.cli.test_people import risiti


def test_a_firm_is_opened_staffed_trusted_with_a_company_and_closed(tmp_path: Path) -> None:
    company = risiti(
        tmp_path,
        *("company", "open", "--tin", "1000000000", "--name", "Mango Street Grocers (fictitious)"),
        *("--email", "books@mango-street.invalid", "--json"),
    )
    company_id = str(json.loads(company.stdout)["id"])
    opened = risiti(tmp_path, "firm", "open", "--name", "Ledger Lane (fictitious)", "--json")
    firm_id = str(json.loads(opened.stdout)["id"])
    assert firm_id in risiti(tmp_path, "firm", "list").stdout
    person = ("books@ledger.invalid", "--name", "Beatrice", "--role", "owner", "--at-most", "operator")
    added = risiti(tmp_path, "firm", "add", firm_id, *person)
    assert "risiti user invite books@ledger.invalid" in added.stdout
    assert json.loads(risiti(tmp_path, "firm", "people", firm_id, "--json").stdout)["items"][0]["at_most"] == "operator"

    given = risiti(tmp_path, "company", "delegate", company_id, "--firm", firm_id, "--role", "admin", "--json")
    assert json.loads(given.stdout)["people"][0]["role"] == "operator"
    listed = json.loads(risiti(tmp_path, "firm", "companies", firm_id, "--json").stdout)["items"]
    assert [(one["company_id"], one["role"]) for one in listed] == [(company_id, "admin")]
    assert risiti(tmp_path, "company", "end-delegation", company_id).returncode == 0
    assert json.loads(risiti(tmp_path, "firm", "companies", firm_id, "--json").stdout)["items"] == []

    risiti(tmp_path, "company", "delegate", company_id, "--firm", firm_id, "--role", "viewer")
    assert json.loads(risiti(tmp_path, "firm", "close", firm_id, "--json").stdout)["companies"] == 1
    refused = risiti(tmp_path, "company", "delegate", company_id, "--firm", firm_id, "--role", "viewer")
    assert refused.returncode == 3
    assert "no such firm" in refused.stderr
    gone = risiti(tmp_path, "firm", "remove", firm_id, "books@ledger.invalid")
    assert gone.returncode == 3

from pathlib import Path

from tests.cli.inside import risiti
from tests.migrated import migrated_file


def test_a_firm_is_opened_staffed_trusted_with_a_company_and_closed(tmp_path: Path) -> None:
    migrated_file(tmp_path / "risiti.db")
    company = risiti(
        tmp_path,
        *("company", "open", "--tin", "1000000000", "--name", "Mango Street Grocers (fictitious)"),
        *("--email", "books@mango-street.invalid", "--json"),
    )
    company_id = str(company.result["id"])
    opened = risiti(tmp_path, "firm", "open", "--name", "Ledger Lane (fictitious)", "--json")
    firm_id = str(opened.result["id"])
    assert firm_id in risiti(tmp_path, "firm", "list").stdout
    person = ("books@ledger.invalid", "--name", "Beatrice", "--role", "owner", "--at-most", "operator")
    added = risiti(tmp_path, "firm", "add", firm_id, *person)
    assert "risiti user invite books@ledger.invalid" in added.stdout
    assert risiti(tmp_path, "firm", "people", firm_id, "--json").result["items"][0]["at_most"] == "operator"

    given = risiti(tmp_path, "company", "delegate", company_id, "--firm", firm_id, "--role", "admin", "--json")
    assert given.result["people"][0]["role"] == "operator"
    listed = risiti(tmp_path, "firm", "companies", firm_id, "--json").result["items"]
    assert [(one["company_id"], one["role"]) for one in listed] == [(company_id, "admin")]
    assert risiti(tmp_path, "company", "end-delegation", company_id).returncode == 0
    assert risiti(tmp_path, "firm", "companies", firm_id, "--json").result["items"] == []

    risiti(tmp_path, "company", "delegate", company_id, "--firm", firm_id, "--role", "viewer")
    assert risiti(tmp_path, "firm", "close", firm_id, "--json").result["companies"] == 1
    refused = risiti(tmp_path, "company", "delegate", company_id, "--firm", firm_id, "--role", "viewer")
    assert refused.returncode == 3
    assert "no such firm" in refused.stderr
    gone = risiti(tmp_path, "firm", "remove", firm_id, "books@ledger.invalid")
    assert gone.returncode == 3

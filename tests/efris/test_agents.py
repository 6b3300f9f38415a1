import json

import pytest

from risiti.efris import (
    CHANGE_CONTACT,
    CREATE_USSD_ACCOUNT,
    FIND_AGENT_RELATIONS,
    FIND_CONTACTS,
    Malformed,
    Refused,
)
from risiti.efris.models.agents import AgentRelationQuery, ContactChange, ContactQuery, UssdAccount
from risiti.efris.models.codes import BuyerType, ContactOperation
from tests.efris.answers import answered


def test_an_account_for_a_mobile_phone_needs_both_numbers() -> None:
    account = UssdAccount(tin="1000000000", mobile_number="0700000000")
    assert CREATE_USSD_ACCOUNT.freeze(account).content == b'{"tin":"1000000000","mobileNumber":"0700000000"}'
    with pytest.raises(Malformed) as raised:
        CREATE_USSD_ACCOUNT.freeze(UssdAccount(tin="1000000000", mobile_number=" "))
    assert [fault.code for fault in raised.value.faults] == ["3056"]


def test_a_number_that_is_taken_is_a_refusal() -> None:
    with pytest.raises(Refused) as raised:
        answered(CREATE_USSD_ACCOUNT, "", "3066")
    assert raised.value.code == "3066"


def test_a_contact_is_kept_changed_and_forgotten() -> None:
    contact = ContactChange(buyer_type=BuyerType.BUSINESS, buyer_tin="1000000001", buyer_legal_name="Café Ñandú")
    added = json.loads(CHANGE_CONTACT.freeze(contact).content)
    assert (added["operationType"], added["buyerType"], added["buyerLegalName"]) == ("101", "0", "Café Ñandú")
    assert "id" not in added
    gone = contact.model_copy(update={"operation_type": ContactOperation.DELETE, "id": "7"})
    assert json.loads(CHANGE_CONTACT.freeze(gone).content)["id"] == "7"
    with pytest.raises(Malformed, match="operationType"):
        CHANGE_CONTACT.parse(json.dumps(added | {"operationType": "104"}).encode())


def test_contacts_are_read_from_a_list_at_the_root() -> None:
    contacts = answered(FIND_CONTACTS, [{"id": 7, "buyerType": "1", "buyerTin": None, "nickname": "Jo"}]).contacts
    assert [(contact.id, contact.buyer_tin) for contact in contacts] == [("7", "")]
    assert contacts[0].model_extra == {"nickname": "Jo"}
    assert answered(FIND_CONTACTS, None).contacts == ()


def test_agents_are_read_with_the_blank_that_the_authority_puts_behind_a_name() -> None:
    relations = answered(FIND_AGENT_RELATIONS, {"agentTaxpayerList": [{"tin": "1000000001", "branchId ": "9"}]})
    assert [(agent.tin, agent.branch_id) for agent in relations.agent_taxpayer_list] == [("1000000001", "9")]
    assert answered(FIND_AGENT_RELATIONS, {}).agent_taxpayer_list == ()


def test_a_question_about_nobody_in_particular_still_has_content() -> None:
    assert FIND_AGENT_RELATIONS.freeze(AgentRelationQuery()).content == b"{}"
    assert FIND_CONTACTS.freeze(ContactQuery()).content == b"{}"

import pytest

from risiti.gateway.kernel.errors import Forbidden, NotFound, Unauthenticated
from risiti.gateway.kernel.ids import ApiKeyId, CompanyId
from risiti.gateway.kernel.secrets import Secret
from risiti.gateway.tenancy.access import Caller, Scope, require_operator
from risiti.gateway.tenancy.environment import Environment

TOKEN = Secret("operator-token-of-32-characters-xx")


def a_caller(*scopes: Scope) -> Caller:
    return Caller(CompanyId("com_mango"), Environment.TEST, frozenset(scopes), api_key_id=ApiKeyId("key_1"))


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_allows_itself_and_nothing_else(scope: Scope) -> None:
    for other in Scope:
        expected = other is scope or scope is Scope.ADMIN
        assert a_caller(scope).may(other) is expected


def test_a_missing_scope_is_named() -> None:
    a_caller(Scope.INVOICES_WRITE).require(Scope.INVOICES_WRITE)
    with pytest.raises(Forbidden, match="invoices:read"):
        a_caller(Scope.INVOICES_WRITE).require(Scope.INVOICES_READ)


def test_another_company_is_not_found_as_if_it_did_not_exist() -> None:
    caller = a_caller(Scope.ADMIN)
    assert caller.for_company("com_mango") == "com_mango"
    texts = set()
    for other in ("com_papaya", "com_nobody", ""):
        with pytest.raises(NotFound) as error:
            caller.for_company(other)
        texts.add(str(error.value))
    assert len(texts) == 1


def test_the_operators_token_opens_and_nothing_else_does() -> None:
    require_operator(TOKEN.reveal(), TOKEN)
    for wrong in (None, "", TOKEN.reveal()[:-1], TOKEN.reveal() + "x"):
        with pytest.raises(Unauthenticated):
            require_operator(wrong, TOKEN)


def test_without_an_operators_token_the_routes_do_not_exist() -> None:
    for presented in (None, "", "anything"):
        with pytest.raises(NotFound):
            require_operator(presented, None)

from ipaddress import ip_network

import pytest

from risiti.gateway.resilience.client_address import MAX_HOPS, behind_proxies, counted_as

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def test_a_caller_that_is_no_proxy_is_not_believed() -> None:
    assert behind_proxies("203.0.113.7", ["127.0.0.1", "10.0.0.1"], PROXIES) == "203.0.113.7"


@pytest.mark.parametrize(
    ("forwarded", "caller"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["1.2.3.4, 203.0.113.7"], "203.0.113.7"),  # what the caller itself wrote stands to the left
        (["127.0.0.1", "203.0.113.7, 10.1.1.1"], "203.0.113.7"),
        (["203.0.113.7:4711"], "203.0.113.7"),
        (['"[2001:db8::1]:4711"'], "2001:db8::1"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        ([], "10.0.0.1"),
        (["nonsense"], "10.0.0.1"),
        (["203.0.113.7, nonsense"], "10.0.0.1"),
        (["203.0.113.7, unknown, 10.2.2.2"], "10.2.2.2"),
        ([", ".join(["10.3.3.3"] * 5_000)], "10.3.3.3"),
    ],
)
def test_the_caller_is_the_first_hop_from_the_right_that_is_no_proxy(forwarded: list[str], caller: str) -> None:
    assert behind_proxies("10.0.0.1", forwarded, PROXIES) == caller


@pytest.mark.parametrize(("proxies", "caller"), [(MAX_HOPS - 1, "203.0.113.7"), (MAX_HOPS, "10.3.3.3")])
def test_only_so_many_hops_are_looked_at(proxies: int, caller: str) -> None:
    hops = ", ".join(["203.0.113.7", *["10.3.3.3"] * proxies])
    assert behind_proxies("10.0.0.1", [hops], PROXIES) == caller


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_callers_are_counted_by_address_and_in_ipv6_by_network(address: str, counted: str) -> None:
    assert counted_as(address) == counted

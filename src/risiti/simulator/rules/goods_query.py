"""Rules about the filters of the goods inquiries (T127, T144), and whose goods an agent may see."""

from risiti.simulator.registry import Taxpayer
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.readings import demand
from risiti.simulator.world import World

AGENT_QUERY, NORMAL_QUERY = "0", "1"
SERVICES_ONLY = "101"
_TEXTS = (
    ("goodsCode", 50, "2255", "2256"),
    ("goodsName", 100, "2257", "2258"),
    ("commodityCategoryName", 200, "2259", "2260"),
    ("branchId", 18, "2835", "2836"),
)
_MARKS = (
    ("serviceMark", 3, ("", "101", "102"), "2873", "2874", "2875"),
    ("haveExciseTax", 3, ("", "101", "102"), "2876", "2877", "2878"),
    ("goodsTypeCode", 3, ("", "101", "102"), "2899", "2900", "2901"),
    ("queryType", 1, ("", AGENT_QUERY, NORMAL_QUERY), "3101", "3102", "3103"),
)


def check(asked: Block, caller: Taxpayer, world: World) -> Taxpayer:
    """Check the filters of T127; return whose goods are asked for.

    Raises:
        Refusal: the first rule that fails.
    """
    for name, most, empty, long in _TEXTS:
        demand(asked, name, empty, world.settings)
        asked.fits(name, most, long)
    for name, most, allowed, empty, long, other in _MARKS:
        demand(asked, name, empty, world.settings)
        asked.fits(name, most, long)
        asked.one_of(name, allowed, other)
    if asked.text("queryType") == AGENT_QUERY:
        return _principal(asked, caller, world)
    asked.empty("tin", "3107")
    if asked.text("branchId") and asked.text("branchId") not in caller.branches:
        asked.refuse("2837")
    return caller


def _principal(asked: Block, agent: Taxpayer, world: World) -> Taxpayer:
    asked.required("tin", "3104")
    asked.required("branchId", "3105")
    asked.one_of("serviceMark", (SERVICES_ONLY,), "3108")
    owner = owner_of(asked, agent, world)
    if asked.text("branchId") not in owner.branches:
        asked.refuse("3106")
    return owner


def owner_of(asked: Block, agent: Taxpayer, world: World) -> Taxpayer:
    """Return the principal an agent names in `tin`, or refuse: 3099 for who is no agent, 3100 for who is not theirs."""
    principal = world.registry.taxpayer(asked.text("tin"))
    if not agent.agent:
        asked.refuse("3099")
    if principal is None or agent.tin not in principal.agents:
        asked.refuse("3100")
    return principal

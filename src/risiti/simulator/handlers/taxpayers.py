"""T119: a taxpayer by TIN or by NIN/BRN."""

from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call
from risiti.simulator.refusal import Refusal
from risiti.simulator.rules.block import Block
from risiti.simulator.world import World

MOST_KEY_BYTES = 20


def find(call: Call, world: World) -> Answer:
    """Answer who a TIN or NIN/BRN belongs to; 2261 for nobody, or somebody not in normal state."""
    asked = Block(call.object(), "")
    tin = asked.fits("tin", MOST_KEY_BYTES, "1574")
    nin_brn = asked.fits("ninBrn", MOST_KEY_BYTES, "1576")
    if not tin and not nin_brn:
        raise Refusal("1572")
    taxpayer = world.registry.taxpayer(tin) if tin else world.registry.taxpayer_of(nin_brn)
    if taxpayer is None or taxpayer.status != "normal":
        raise Refusal("2261")
    return Answer(
        {
            "taxpayer": {
                "tin": taxpayer.tin,
                "ninBrn": taxpayer.nin_brn,
                "legalName": taxpayer.legal_name,
                "businessName": taxpayer.business_name,
                "contactNumber": taxpayer.phone,
                "contactEmail": taxpayer.email,
                "address": taxpayer.address,
                "taxpayerType": "201" if taxpayer.individual else "202",
                "governmentTIN": "1" if taxpayer.government else "0",
                "taxpayerStatus": "101",
            }
        }
    )

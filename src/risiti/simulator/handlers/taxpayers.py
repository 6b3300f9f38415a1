"""T119 a taxpayer by TIN or NIN/BRN, T137 a buyer's relief, T138 branches, T180 an agent's principal."""

from risiti.simulator import seed
from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call
from risiti.simulator.handlers.session import flag, tax_types
from risiti.simulator.projects import Project
from risiti.simulator.refusal import Refusal
from risiti.simulator.registry import Taxpayer
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


NORMAL, EXEMPT, DEEMED, BOTH = "101", "102", "103", "104"
EXCISE_ONLY, VAT_AND_EXCISE = "102", "103"
EXCISE_EXEMPT_PROJECT = "106"


def relief(call: Call, world: World) -> Answer:
    """T137: whether a taxpayer is exempt, or VAT on sales to them counts as paid, and for which projects."""
    asked = Block(call.object(), "")
    asked.required("tin", "2110")
    projects = world.projects.of(asked.fits("tin", MOST_KEY_BYTES, "2111"))
    codes = [code.strip() for code in asked.text("commodityCategoryCode").split(",") if code.strip()]
    answer: dict[str, object] = {
        "taxpayerType": _relief_of(projects),
        "exemptType": _exemption_of(projects),
        "commodityCategory": [
            {
                "commodityCategoryCode": code,
                "commodityCategoryTaxpayerType": _relief_of([row for row in projects if row.category == code]),
            }
            for code in codes
        ],
        "deemedAndExemptProjectList": [
            {
                "projectId": project.id,
                "projectName": project.name,
                "deemedExemptCode": project.kind,
                "commodityCategoryCode": project.category,
                "serviceMark": _service_mark(project),
                "unit": project.unit,
                "currentQty": format(project.quantity, "f"),
                "currentAmount": format(project.amount, "f"),
            }
            for project in projects
            if not codes or project.category in codes
        ],
    }
    return Answer(answer)


def _relief_of(projects: list[Project]) -> str:
    exempt = any(project.exempt for project in projects)
    deemed = any(not project.exempt for project in projects)
    if exempt and deemed:
        return BOTH
    return EXEMPT if exempt else DEEMED if deemed else NORMAL


def _exemption_of(projects: list[Project]) -> str:
    kinds = {project.kind for project in projects if project.exempt}
    if not kinds:
        return ""
    return EXCISE_ONLY if kinds == {EXCISE_EXEMPT_PROJECT} else VAT_AND_EXCISE


def _service_mark(project: Project) -> str:
    category = seed.CATEGORIES.get(project.category)
    return "101" if category is not None and category.service else "102"


def branches(call: Call, world: World) -> Answer:
    """T138: the caller's branches, or those of a principal of the caller whose TIN is given."""
    asked = Block(call.object(), "") if call.content is not None else Block({}, "")
    tin = asked.fits("tin", MOST_KEY_BYTES, "1574")
    taxpayer = call.seller() if tin in ("", call.seller().tin) else principal_of(tin, call.seller(), world)
    return Answer([{"branchId": code, "branchName": name} for code, name in taxpayer.branches.items()])


def principal(call: Call, world: World) -> Answer:
    """T180: what an agent must know of a principal before it issues for them."""
    asked = Block(call.object(), "")
    found = principal_of(asked.required("tin", "2110"), call.seller(), world)
    if asked.text("branchId") and asked.text("branchId") not in found.branches:
        raise Refusal("2185")
    return Answer(
        {
            "taxType": tax_types(found, call),
            "issueTaxTypeRestrictions": flag(found.tax_type_restrictions),
            "sellersLogo": "",
            "isAllowBackDate": flag(found.back_dating),
            "isDutyFreeTaxpayer": flag(found.duty_free),
            "periodDate": str(found.period_days),
            "isAllowIssueInvoice": flag(found.vat_registered and found.e_invoicing),
            "isAllowOutOfScopeVAT": flag(found.out_of_scope),
        }
    )


def principal_of(tin: str, agent: Taxpayer, world: World) -> Taxpayer:
    """Return the principal with a TIN for whom an agent may act.

    Raises:
        Refusal: the caller is no agent (3099), or not theirs (3100).
    """
    if not agent.agent:
        raise Refusal("3099")
    found = world.registry.taxpayer(tin)
    if found is None or agent.tin not in found.agents:
        raise Refusal("3100")
    return found

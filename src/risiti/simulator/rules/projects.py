"""Rules about deemed supplies and exempt projects (section 8 of the specification's checks)."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from risiti.simulator.projects import Project
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.buyer import FOREIGNER
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.lines import (
    DEEMED_PROJECT,
    DEEMED_SUFFIX,
    DISCOUNT,
    EXEMPT,
    EXEMPT_PROJECT,
    OUT_OF_SCOPE,
    YES,
)


def check(draft: Draft, about: Examination) -> None:
    """Hold each line that names a project to its flags, its buyer and what the project still allows."""
    for line in draft.lines:
        deemed = line.text("deemedFlag") == YES
        _check_flags(line, deemed=deemed)
        if deemed:
            _check_deemed(line, draft, about)
        if deemed or line.text("deemedExemptCode") == EXEMPT_PROJECT:
            _check_project(line, draft, about, deemed=deemed)
    for (project, last), (quantity, amount) in _uses(draft, about).items():
        if quantity > project.quantity or amount > project.amount:
            draft.lines[last].refuse("3037")


def _check_flags(line: Block, *, deemed: bool) -> None:
    code = line.text("deemedExemptCode")
    if deemed and line.text("vatApplicableFlag") == OUT_OF_SCOPE:
        line.refuse("2859")
    if code == DEEMED_PROJECT and not deemed:
        line.refuse("3048")
    if code == EXEMPT_PROJECT and deemed:
        line.refuse("3049")
    if code == EXEMPT_PROJECT and line.text("taxRate") != EXEMPT:
        line.refuse("3079")


def _check_deemed(line: Block, draft: Draft, about: Examination) -> None:
    if line.text("taxRate") == EXEMPT:
        line.refuse("2796")
    line.required("vatProjectId", "3041")
    line.required("vatProjectName", "3044")
    if not about.seller.deemed_supplies:
        line.refuse("2821")
    if draft.buyer.text("buyerType") == FOREIGNER:
        draft.buyer.refuse("2809")
    if not any(not project.exempt for project in about.world.projects.of(draft.buyer.text("buyerTin"))):
        draft.buyer.refuse("2823")
    if line.text("discountFlag") != DISCOUNT and not line.text("item").casefold().endswith(DEEMED_SUFFIX.casefold()):
        line.refuse("1177")


def _check_project(line: Block, draft: Draft, about: Examination, *, deemed: bool) -> None:
    project = about.world.projects.find(line.text("vatProjectId"))
    if (
        project is None
        or project.tin != draft.buyer.text("buyerTin")
        or project.exempt == deemed
        or project.category != line.text("goodsCategoryId")
    ):
        line.refuse("3043")
    if line.text("vatProjectName").casefold() != project.name.casefold():
        line.refuse("3046")
    if line.text("discountFlag") != DISCOUNT and line.text("unitOfMeasure") != project.unit:
        line.refuse("3047")


def _uses(draft: Draft, about: Examination) -> Mapping[tuple[Project, int], tuple[Decimal, Decimal]]:
    """Return quantity and amount used of each project, with the number of the last line that uses it."""
    last: dict[str, int] = {}
    for number, line in enumerate(draft.lines):
        if line.text("vatProjectId"):
            last[line.text("vatProjectId")] = number
    found: dict[tuple[Project, int], tuple[Decimal, Decimal]] = {}
    for project_id, used in used_of(draft).items():
        project = about.world.projects.find(project_id)
        if project is not None:
            found[project, last[project_id]] = used
    return found


def used_of(draft: Draft) -> Mapping[str, tuple[Decimal, Decimal]]:
    """Return quantity and amount the document uses of each project it names, by project number."""
    used: defaultdict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for line in draft.lines:
        project_id = line.text("vatProjectId")
        if not project_id or not (line.text("deemedFlag") == YES or line.text("deemedExemptCode") == EXEMPT_PROJECT):
            continue
        quantity, amount = used[project_id]
        total = line.amount("total", 12, 2, empty="1194", digits="1195")
        used[project_id] = (quantity + (line.number("qty", 12, 8, "1183") or Decimal(0)), amount + total)
    return used

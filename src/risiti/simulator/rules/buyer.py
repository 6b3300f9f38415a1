"""Rules about the buyer of a document (section 5 of the specification's checks)."""

from collections.abc import Mapping

from risiti.simulator.notes import CREDIT_MEMO
from risiti.simulator.rules.block import Block
from risiti.simulator.rules.draft import Draft, Examination
from risiti.simulator.rules.readings import demand
from risiti.simulator.values import is_blank

GENERAL, EXPORT = ("", "101"), "102"
B2B, B2C, FOREIGNER, B2G = "0", "1", "2", "3"

_LENGTHS = (
    ("buyerNinBrn", 20, "1145"),
    ("buyerPassportNum", 20, "1147"),
    ("buyerLegalName", 256, "1149"),
    ("buyerBusinessName", 256, "1151"),
    ("buyerAddress", 500, "1153"),
)
_LATER_LENGTHS = (
    ("buyerMobilePhone", 30, "1158"),
    ("buyerLinePhone", 30, "1160"),
    ("buyerPlaceOfBusi", 500, "1162"),
    ("buyerCitizenship", 128, "1165"),
    ("buyerSector", 200, "1167"),
    ("buyerReferenceNo", 50, "1169"),
)
_UTILITY_LENGTHS = (
    ("propertyType", 50, "2202"),
    ("district", 50, "2204"),
    ("municipalityCounty", 50, "2206"),
    ("divisionSubcounty", 50, "2208"),
    ("town", 50, "2210"),
    ("cellVillage", 60, "2212"),
)
_DEMANDS = (
    ("buyerTin", "1142"),
    ("buyerNinBrn", "1144"),
    ("buyerPassportNum", "1146"),
    ("buyerLegalName", "1148"),
    ("buyerBusinessName", "1150"),
    ("buyerAddress", "1152"),
    ("buyerEmail", "1154"),
    ("buyerMobilePhone", "1157"),
    ("buyerLinePhone", "1159"),
    ("buyerPlaceOfBusi", "1161"),
    ("buyerCitizenship", "1164"),
    ("buyerSector", "1166"),
    ("buyerReferenceNo", "1168"),
)
_UTILITY_DEMANDS = (
    ("propertyType", "2201"),
    ("district", "2203"),
    ("municipalityCounty", "2205"),
    ("divisionSubcounty", "2207"),
    ("town", "2209"),
    ("cellVillage", "2211"),
    ("effectiveRegistrationDate", "2213"),
    ("meterStatus", "2215"),
)


def check_fields(draft: Draft, about: Examination) -> None:
    """BuyerDetails and buyerExtend: presence, lengths, formats, enumerations."""
    buyer = draft.buyer
    buyer.fits("buyerTin", 20, "1143", least=10)
    for name, most, code in _LENGTHS:
        buyer.fits(name, most, code)
    buyer.email("buyerEmail", "1155", "1156")
    for name, most, code in _LATER_LENGTHS:
        buyer.fits(name, most, code)
    buyer.required("buyerType", "2244")
    buyer.fits("buyerType", 3, "2245")
    buyer.one_of("buyerType", (B2B, B2C, FOREIGNER, B2G), "1163")
    buyer.one_of("nonResidentFlag", ("", "0", "1"), "3078")
    buyer.fits("deliveryTermsCode", 3, "3155")
    for name, code in _DEMANDS:
        demand(buyer, name, code, about.settings)
    extend = draft.others.get("buyerExtend")
    if isinstance(extend, Mapping) and not is_blank(extend):
        _check_utility(Block(extend, "buyerExtend"), about)


def _check_utility(extend: Block, about: Examination) -> None:
    for name, most, code in _UTILITY_LENGTHS:
        extend.fits(name, most, code)
    for name, code in _UTILITY_DEMANDS:
        demand(extend, name, code, about.settings)
    extend.day("effectiveRegistrationDate", "2214")
    extend.fits("meterStatus", 3, "2216")
    extend.one_of("meterStatus", ("", "101", "102"), "2217")


def check_rules(draft: Draft) -> None:
    """Who must be named for which type of buyer."""
    buyer = draft.buyer
    kind = buyer.text("buyerType")
    industry = draft.basic.text("invoiceIndustryCode")
    resident = buyer.text("nonResidentFlag") != "1"
    if kind == B2B and industry in GENERAL and resident and not buyer.text("buyerTin"):
        buyer.refuse("3077")
    if kind == B2B and industry != EXPORT:
        if not _any(buyer, "buyerLegalName", "buyerBusinessName"):
            buyer.refuse("2246")
        buyer.required("buyerLegalName", "2247")
    if kind == B2G:
        if draft.basic.text("invoiceType") == CREDIT_MEMO:
            draft.basic.refuse("3081")
        buyer.required("buyerTin", "3082")
    if kind == B2C and not _any(buyer, "buyerTin", "buyerNinBrn", "buyerLegalName", "buyerMobilePhone"):
        buyer.refuse("2887")
    if kind == FOREIGNER and not _any(buyer, "buyerCitizenship", "buyerPassportNum", "buyerLegalName"):
        buyer.refuse("2888")


def _any(buyer: Block, *names: str) -> bool:
    return any(buyer.text(name).strip() for name in names)


def check_register(draft: Draft, about: Examination) -> None:
    """The buyer's TIN against the register, as far as `check_buyers` goes."""
    buyer, lookup = draft.buyer, about.settings.check_buyers
    tin = buyer.text("buyerTin")
    if not tin or lookup == "off":
        return
    known = about.world.registry.taxpayer(tin)
    if known is None:
        if lookup == "strict":
            buyer.refuse("2249")
        return
    name = buyer.text("buyerLegalName")
    if name and name.casefold() != known.legal_name.casefold():
        buyer.refuse("2248")
    if buyer.text("buyerType") == B2C and not known.individual:
        buyer.refuse("2839")
    if buyer.text("buyerType") == B2G and not known.government:
        buyer.refuse("3083")

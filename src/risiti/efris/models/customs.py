"""C101-C103, C105-C107: the customs side of exports and imports; undocumented.

What is typed here is deduced from the return codes; any other member may be given under its wire name. Only TINs that
the authority lists may use them (2034).
"""

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime

from risiti.efris.models.base import Moment, Number, OpenRequest, Rows, Text


class ImportBasics(OpenRequest):
    """Head of C101. SAD is the single administrative document of customs, CPC its customs procedure code."""

    sad_number: Annotated[str, Text("number of the SAD, not used before (2015)", 20, required=True)]
    sad_date: Annotated[AwareDatetime, Moment("date of the SAD")]
    cpc_code: Annotated[str, Text("customs procedure", 16, required=True)]
    cpc_description: Annotated[str, Text("customs procedure, in words", 256, required=True)]
    ware_house_number: Annotated[str, Text("warehouse", 16, required=True)]
    ware_house_name: Annotated[str, Text("name of the warehouse", 256, required=True)]
    office: Annotated[str, Text("customs office", 35, required=True)]
    cif: Annotated[str, Text("cost, insurance and freight", 50, required=True)]
    valuation_method: Annotated[str, Text("how the value was found", 128, required=True)]


class ImportGoods(OpenRequest):
    """Goods of C101."""

    hs_code: Annotated[str, Text("customs tariff code", 16, required=True)]
    pack: Annotated[str, Text("packages", 1024, required=True)]


class ImportSummary(OpenRequest):
    """End of C101."""

    prn: Annotated[str, Text("payment registration number", 80, required=True)]


class ImportDeclaration(OpenRequest):
    """Request of C101: what was imported."""

    basic_information: ImportBasics | None = None
    goods_details: Annotated[tuple[ImportGoods, ...] | None, Rows("goods")] = None
    summary: ImportSummary | None = None


class ExportItem(OpenRequest):
    """Goods of C102."""

    hs_code: Annotated[str, Text("customs tariff code", 50, required=True)]
    invoice_item_id: Annotated[str, Text("line of the document", 18, required=True)]
    exported_quantity: Annotated[Decimal, Number("how many, at most what is left (3161)", 12, 8)]


class ExportDeclaration(OpenRequest):
    """Request of C102: what left the country of a fiscal document."""

    tin: Annotated[str, Text("who issued it", 20, required=True)]
    nin_brn: Annotated[str, Text("its NIN or BRN", 100, required=True)]
    taxpayer_name: Annotated[str, Text("its name", 256, required=True)]
    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]
    sad_number: Annotated[str, Text("number of the SAD, not used before (2030)", 20, required=True)]
    destination_country: Annotated[str, Text("where it goes", 256, required=True)]
    origin_country: Annotated[str, Text("where it comes from", 256, required=True)]
    exit_station_office: Annotated[str, Text("where it leaves", 100, required=True)]
    exit_officer: Annotated[str, Text("who let it leave", 100, required=True)]
    exit_date: Annotated[AwareDatetime, Moment("when it left")]
    export_sad_items: Annotated[tuple[ExportItem, ...], Rows("goods", required=True)]


class DeclarationDecision(OpenRequest):
    """Request of C103: confirm or cancel a declaration, named by document or SAD (2037).

    How a request says which of the two it wants is unknown.
    """

    invoice_no: Annotated[str | None, Text("fiscal document number", 20)] = None
    sad_number: Annotated[str | None, Text("number of the SAD", 20)] = None


class CustomsQuery(OpenRequest):
    """Request of C105. What it asks for is unknown."""

    tin: Annotated[str, Text("TIN", 20, required=True)]


class CustomsInvoiceRead(OpenRequest):
    """Request of C106: a fiscal document, as customs sees it."""

    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]


class ExportStatusChange(OpenRequest):
    """Request of C107: how far the export of a fiscal document is."""

    invoice_no: Annotated[str, Text("fiscal document number", 20, required=True)]
    export_status_code: Annotated[str, Text("state; its values are those of T187", 3, required=True)]

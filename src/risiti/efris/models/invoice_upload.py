"""T109, the request: one fiscal document with its lines, taxes, totals and payments."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime

from risiti.efris.models.base import BLANK, Choice, EfrisRequest, Flag, Moment, Number, Rows, Text
from risiti.efris.models.codes import (
    BuyerType,
    DataSource,
    DeemedExempt,
    DeliveryTerms,
    DiscountFlag,
    ExciseRule,
    ExciseUnit,
    Industry,
    InvoiceKind,
    MeterStatus,
    ModeCode,
    PaymentMode,
    TaxCategory,
    UploadType,
    VatApplicable,
    YesNo,
)


class Seller(EfrisRequest):
    """Wire object `sellerDetails` of T109."""

    tin: Annotated[str, Text("own TIN, equal to the one in the outer message", 20, least=10, required=True)]
    nin_brn: Annotated[str, Text("own NIN or BRN, as registered", 100)] = ""
    legal_name: Annotated[str, Text("legal name, as registered", 256, required=True)]
    business_name: Annotated[str, Text("trading name", 256)] = ""
    address: Annotated[str, Text("postal address", 500)] = ""
    mobile_phone: Annotated[str, Text("mobile phone", 30)] = ""
    line_phone: Annotated[str, Text("land line", 30)] = ""
    email_address: Annotated[str, Text("e-mail", 50, least=6, required=True)]
    place_of_business: Annotated[str, Text("place of business", 500)] = ""
    reference_no: Annotated[str, Text("the seller's own reference, unique per document", 50, required=True)]
    branch_id: Annotated[str, Text("branch of the seller", 18)] = ""
    branch_name: Annotated[str, Text("name of that branch", 500)] = ""
    is_check_reference_no: Annotated[bool, Flag("refuse a repeated reference with 2253")] = True


class BasicInformation(EfrisRequest):
    """Wire object `basicInformation` of T109."""

    invoice_no: Annotated[str, Text("fiscal document number; empty online", 20)] = ""
    antifake_code: Annotated[str, Text("verification code; empty online", 20)] = ""
    device_no: Annotated[str, Text("own device number, equal to the one in the outer message", 20, required=True)]
    issued_date: Annotated[AwareDatetime, Moment("when the sale was made, aware")]
    operator: Annotated[str, Text("who issued it", 150, required=True)]
    currency: Annotated[str, Text("ISO currency, UGX for shillings", 10, required=True)]
    ori_invoice_id: Annotated[str, Text("debit note: invoice id of the original", 20)] = ""
    invoice_type: Annotated[UploadType, Choice("kind of document")] = UploadType.INVOICE
    invoice_kind: Annotated[InvoiceKind, Choice("invoice or receipt")]
    data_source: Annotated[DataSource, Choice("channel")] = DataSource.WEB_SERVICE
    invoice_industry_code: Annotated[Industry, Choice("industry")] = Industry.GENERAL
    is_batch: Annotated[bool, Flag("batch summary invoice")] = False
    currency_rate: Annotated[Decimal | None, Number("foreign currency: UGX for one unit of it", 12, 8)] = None
    delivery_terms_code: Annotated[
        DeliveryTerms | None,
        Choice("Incoterm; stands here in the authority's sample, its codes look for it at the buyer"),
    ] = None


class Buyer(EfrisRequest):
    """Wire object `buyerDetails` of T109. Which fields must be filled depends on the type of buyer."""

    buyer_tin: Annotated[str, Text("TIN; business and government buyers", 20, least=10)] = ""
    buyer_nin_brn: Annotated[str, Text("NIN or BRN", 100)] = ""
    buyer_passport_num: Annotated[str, Text("passport number", 20)] = ""
    buyer_legal_name: Annotated[str, Text("legal name, as registered with the TIN", 256)] = ""
    buyer_business_name: Annotated[str, Text("trading name", 256)] = ""
    buyer_address: Annotated[str, Text("address", 500)] = ""
    buyer_email: Annotated[str, Text("e-mail", 50, least=6)] = ""
    buyer_mobile_phone: Annotated[str, Text("mobile phone", 30)] = ""
    buyer_line_phone: Annotated[str, Text("land line", 30)] = ""
    buyer_place_of_busi: Annotated[str, Text("place of business", 500)] = ""
    buyer_type: Annotated[BuyerType, Choice("who buys")]
    buyer_citizenship: Annotated[str, Text("citizenship, free text", 128)] = ""
    buyer_sector: Annotated[str, Text("sector", 200)] = ""
    buyer_reference_no: Annotated[str, Text("the buyer's own reference", 50)] = ""
    non_resident_flag: Annotated[bool, Flag("the buyer is not resident")] = False
    delivery_terms_code: Annotated[DeliveryTerms | None, Choice("export of goods: Incoterm")] = None


class BuyerExtend(EfrisRequest):
    """Wire object `buyerExtend` of T109: property and meter of a utility's customer."""

    property_type: Annotated[str, Text("type of property", 50)] = ""
    district: Annotated[str, Text("district", 50)] = ""
    municipality_county: Annotated[str, Text("municipality or county", 50)] = ""
    division_subcounty: Annotated[str, Text("division or subcounty", 50)] = ""
    town: Annotated[str, Text("town", 50)] = ""
    cell_village: Annotated[str, Text("cell or village", 60)] = ""
    effective_registration_date: Annotated[date | None, Moment("registered since"), BLANK] = None
    meter_status: Annotated[MeterStatus | None, Choice("state of the meter"), BLANK] = None


class Line(EfrisRequest):
    """One row of the wire list `goodsDetails` of T109. Prices contain VAT and excise duty.

    A discount is two rows: the DISCOUNTED one at full price with its (negative) `discount_total`, and directly after it
    the DISCOUNT row, whose name ends in " (Discount)", with the same negative amount as `total` and without quantity,
    unit and price.
    """

    item: Annotated[str, Text("name, as registered", 200, required=True)]
    item_code: Annotated[str, Text("the seller's goods code, as registered", 50, required=True)]
    qty: Annotated[Decimal | None, Number("quantity; none on a DISCOUNT row", 12, 8), BLANK] = None
    unit_of_measure: Annotated[str, Text("unit as registered (rateUnit); empty on a DISCOUNT row", 3)] = ""
    unit_price: Annotated[Decimal | None, Number("price with taxes; none on a DISCOUNT row", 12, 8), BLANK] = None
    total: Annotated[Decimal, Number("qty x unitPrice, cut to 2 places", 12, 2, places=2)]
    tax_rate: Annotated[str, Text('"0.18", "0", or "-" for exempt', 6, required=True)]
    tax: Annotated[Decimal, Number("VAT inside the total", 12, 2, places=2)]
    discount_total: Annotated[
        Decimal | None, Number("DISCOUNTED row: total of the next row, negative", 12, 2, places=2), BLANK
    ] = None
    discount_tax_rate: Annotated[str, Text("DISCOUNTED row: tax rate of the discount", 7)] = ""
    order_number: Annotated[int, Number("position, from 0 over all rows", 4, 0)]
    discount_flag: Annotated[DiscountFlag, Choice("role in a discount")] = DiscountFlag.NORMAL
    deemed_flag: Annotated[YesNo, Choice("VAT is deemed paid")] = YesNo.NO
    excise_flag: Annotated[YesNo, Choice("excise duty is due")] = YesNo.NO
    category_id: Annotated[str, Text("excise duty code, with excise", 18)] = ""
    category_name: Annotated[str, Text("excise duty name, with excise", 1024)] = ""
    goods_category_id: Annotated[str, Text("commodity category, a leaf", 18, required=True)]
    goods_category_name: Annotated[str, Text("name of the commodity category", 200)] = ""
    excise_rate: Annotated[str, Text('fraction, amount per unit, or "-" for nil', 21)] = ""
    excise_rule: Annotated[ExciseRule | None, Choice("how excise is computed"), BLANK] = None
    excise_tax: Annotated[Decimal | None, Number("excise inside the total", 12, 4, places=2), BLANK] = None
    pack: Annotated[Decimal | None, Number("package scaled value of the goods, by quantity", 12, 8), BLANK] = None
    stick: Annotated[Decimal | None, Number("piece scaled value of the goods, by quantity", 12, 8), BLANK] = None
    excise_unit: Annotated[ExciseUnit | None, Choice("what excise is charged on, by quantity"), BLANK] = None
    excise_currency: Annotated[str, Text("currency of the excise rate, by quantity", 10)] = ""
    excise_rate_name: Annotated[str, Text('"18%" or "UGX650 per litre"', 100)] = ""
    vat_applicable_flag: Annotated[VatApplicable, Choice("whether VAT concerns it")] = VatApplicable.APPLIES
    deemed_exempt_code: Annotated[DeemedExempt | None, Choice("relief of a project")] = None
    vat_project_id: Annotated[str | None, Text("project, on deemed lines", 18)] = None
    vat_project_name: Annotated[str | None, Text("its name", 300)] = None
    hs_code: Annotated[str | None, Text("customs tariff code", 50)] = None
    hs_name: Annotated[str | None, Text("its name", 1000)] = None
    total_weight: Annotated[Decimal | None, Number("export: net kilograms", 12, 8)] = None
    piece_qty: Annotated[Decimal | None, Number("export: pieces", 12, 8)] = None
    piece_measure_unit: Annotated[str | None, Text("export: unit of the pieces", 3)] = None
    high_sea_bond_flag: Annotated[YesNo | None, Choice("sold on the high seas or in bond (v23.7)")] = None
    high_sea_bond_code: Annotated[str | None, Text("kind of bond (v23.7)", 3)] = None
    high_sea_bond_no: Annotated[str | None, Text("number of the bond (v23.7)", 50)] = None


class TaxRow(EfrisRequest):
    """One row of the wire list `taxDetails` of T109: the sums of one tax category."""

    tax_category_code: Annotated[TaxCategory, Choice("tax category")]
    net_amount: Annotated[Decimal, Number("gross less tax", 16, 4, places=2)]
    tax_rate: Annotated[str, Text('"0.18", "0", "-", or the excise rate', 21, required=True)]
    tax_amount: Annotated[Decimal, Number("sum of the lines' tax", 16, 4, places=2)]
    gross_amount: Annotated[Decimal, Number("sum of the lines' totals", 16, 4, places=2)]
    excise_unit: Annotated[ExciseUnit | None, Choice("excise by quantity: unit"), BLANK] = None
    excise_currency: Annotated[str, Text("excise by quantity: currency", 10)] = ""
    tax_rate_name: Annotated[str, Text("name of the rate, for excise and other taxes", 100)] = ""


class Summary(EfrisRequest):
    """Wire object `summary` of T109."""

    net_amount: Annotated[Decimal, Number("gross less tax", 16, 4, places=2)]
    tax_amount: Annotated[Decimal, Number("sum over all tax rows", 16, 4, places=2)]
    gross_amount: Annotated[Decimal, Number("sum over all tax rows but excise", 16, 4, places=2)]
    item_count: Annotated[int, Number("lines, DISCOUNT rows not counted", 4, 0)]
    mode_code: Annotated[ModeCode, Choice("online or offline number")] = ModeCode.ONLINE
    remarks: Annotated[str, Text("free text", 500)] = ""
    qr_code: Annotated[str, Text("QR text; empty online", 500)] = ""


class Payment(EfrisRequest):
    """One row of the wire list `payWay` of T109; together they make the gross amount."""

    payment_mode: Annotated[PaymentMode, Choice("means of payment")]
    payment_amount: Annotated[Decimal, Number("amount paid", 12, 2, places=2)]
    order_number: Annotated[str, Text("a, b, c, ...", 1, required=True)]


class Extend(EfrisRequest):
    """Wire object `extend` of T109: why a debit note or credit memo was issued."""

    reason: Annotated[str, Text("in words; needed where the code says other", 1024)] = ""
    reason_code: Annotated[str, Text("101 to 103", 3)] = ""


class ImportedService(EfrisRequest):
    """Wire object `importServicesSeller` of T109: the foreign supplier of an imported service."""

    import_business_name: Annotated[str, Text("name", 500)] = ""
    import_email_address: Annotated[str, Text("e-mail", 50, least=6)] = ""
    import_contact_number: Annotated[str, Text("phone", 30)] = ""
    import_address: Annotated[str, Text("address", 500)] = ""
    import_invoice_date: Annotated[date, Moment("date of the supplier's invoice")]
    import_attachment_name: Annotated[str, Text("file name of the attachment", 256)] = ""
    import_attachment_content: Annotated[str, Text("the attachment in base64", None)] = ""


class AirlineLine(EfrisRequest):
    """One row of the wire list `airlineGoodsDetails` of T109: what a ticket is made of."""

    item: Annotated[str, Text("name", 200, required=True)]
    item_code: Annotated[str, Text("code", 50)] = ""
    qty: Annotated[Decimal | None, Number("quantity", 12, 8), BLANK] = None
    unit_of_measure: Annotated[str, Text("unit (rateUnit)", 3)] = ""
    unit_price: Annotated[Decimal | None, Number("price with taxes", 12, 8), BLANK] = None
    total: Annotated[Decimal, Number("qty x unitPrice, cut to 2 places", 12, 4, places=2)]
    tax_rate: Annotated[str, Text('"0.18", "0" or "-"', 6)] = ""
    tax: Annotated[Decimal | None, Number("VAT inside the total", 12, 4, places=2), BLANK] = None
    discount_total: Annotated[Decimal | None, Number("as on a line", 12, 4, places=2), BLANK] = None
    discount_tax_rate: Annotated[str, Text("as on a line", 15)] = ""
    order_number: Annotated[int, Number("position, from 0", 4, 0)]
    discount_flag: Annotated[DiscountFlag, Choice("role in a discount")] = DiscountFlag.NORMAL
    deemed_flag: Annotated[YesNo, Choice("VAT is deemed paid")] = YesNo.NO
    excise_flag: Annotated[YesNo, Choice("excise duty is due")] = YesNo.NO
    category_id: Annotated[str, Text("excise duty code", 18)] = ""
    category_name: Annotated[str, Text("excise duty name", 1024)] = ""
    goods_category_id: Annotated[str, Text("commodity category", 18)] = ""
    goods_category_name: Annotated[str, Text("its name", 200)] = ""
    excise_rate: Annotated[str, Text("as on a line", 21)] = ""
    excise_rule: Annotated[ExciseRule | None, Choice("as on a line"), BLANK] = None
    excise_tax: Annotated[Decimal | None, Number("as on a line", 12, 4, places=2), BLANK] = None
    pack: Annotated[Decimal | None, Number("as on a line", 12, 8), BLANK] = None
    stick: Annotated[Decimal | None, Number("as on a line", 12, 8), BLANK] = None
    excise_unit: Annotated[ExciseUnit | None, Choice("as on a line"), BLANK] = None
    excise_currency: Annotated[str, Text("as on a line", 10)] = ""
    excise_rate_name: Annotated[str, Text("as on a line", 100)] = ""


class FuelSale(EfrisRequest):
    """Wire object `edcDetails` of T109: where fuel was filled."""

    tank_no: Annotated[str, Text("tank", 50, required=True)]
    pump_no: Annotated[str, Text("pump", 50, required=True)]
    nozzle_no: Annotated[str, Text("nozzle", 50, required=True)]
    controller_no: Annotated[str, Text("controller", 50)] = ""
    acquisition_equipment_no: Annotated[str, Text("acquisition equipment", 50)] = ""
    level_gauge_no: Annotated[str, Text("level gauge", 50)] = ""
    mvrn: Annotated[str, Text("vehicle registration", 32)] = ""


class InvoiceUpload(EfrisRequest):
    """Request of T109: a document to be fiscalised."""

    seller_details: Seller
    basic_information: BasicInformation
    buyer_details: Buyer
    buyer_extend: BuyerExtend | None = None
    goods_details: Annotated[tuple[Line, ...], Rows("lines", required=True)]
    tax_details: Annotated[tuple[TaxRow, ...], Rows("taxes", required=True)]
    summary: Summary
    pay_way: Annotated[tuple[Payment, ...], Rows("payments")] = ()
    extend: Extend | None = None
    import_services_seller: ImportedService | None = None
    airline_goods_details: Annotated[tuple[AirlineLine, ...] | None, Rows("parts of a ticket")] = None
    edc_details: FuelSale | None = None

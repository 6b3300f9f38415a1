"""A fiscal document as the authority keeps it: in the answers of T108, T109 and T186."""

from typing import Annotated

from pydantic import AliasChoices, Field

from risiti.efris.models.base import READ_OBJECT, READ_ROWS, EfrisAnswer, WireNumber, WireText, WireTime


class IssuedSeller(EfrisAnswer):
    """The seller of a fiscalised document.

    Attributes:
        address: The wire spells the key in three ways.
        reference_no: The seller's own reference, as uploaded.
    """

    tin: WireText = ""
    nin_brn: WireText = ""
    passport_number: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    address: WireText = Field(default="", validation_alias=AliasChoices("address", "adress", "Adress"))
    mobile_phone: WireText = ""
    line_phone: WireText = ""
    email_address: WireText = ""
    place_of_business: WireText = ""
    reference_no: WireText = ""
    branch_id: WireText = ""
    branch_name: WireText = ""
    branch_code: WireText = ""


class IssuedInformation(EfrisAnswer):
    """Head of a fiscalised document.

    Attributes:
        invoice_id: URA's internal id, which notes name as their original.
        invoice_no: Fiscal document number (FDN).
        antifake_code: Verification code.
        issued_date: The sale's time, aware, East Africa Time.
        currency_rate: UGX per unit of the document's currency.
        is_invalid: "1" for a cancelled note.
        is_refund: "0" no note, "1" credit note, "2" debit note against it.
    """

    invoice_id: WireText = ""
    invoice_no: WireText = Field(min_length=1)
    antifake_code: WireText = Field(
        default="", validation_alias=AliasChoices("antifakeCode", "antiFakeCode", "antifake_code")
    )
    device_no: WireText = ""
    issued_date: WireTime = None
    operator: WireText = ""
    currency: WireText = ""
    currency_rate: WireNumber = None
    ori_invoice_id: WireText = ""
    ori_invoice_no: WireText = ""
    ori_issued_date: WireTime = None
    ori_gross_amount: WireNumber = None
    invoice_type: WireText = ""
    invoice_kind: WireText = ""
    data_source: WireText = ""
    invoice_industry_code: WireText = ""
    is_batch: WireText = ""
    is_invalid: WireText = ""
    is_refund: WireText = ""


class IssuedBuyer(EfrisAnswer):
    """The buyer of a fiscalised document."""

    buyer_tin: WireText = ""
    buyer_nin_brn: WireText = ""
    buyer_passport_num: WireText = ""
    buyer_legal_name: WireText = ""
    buyer_business_name: WireText = ""
    buyer_address: WireText = ""
    buyer_email: WireText = ""
    buyer_mobile_phone: WireText = ""
    buyer_line_phone: WireText = ""
    buyer_place_of_busi: WireText = ""
    buyer_type: WireText = ""
    buyer_citizenship: WireText = ""
    buyer_sector: WireText = ""
    buyer_reference_no: WireText = ""
    delivery_terms_code: WireText = ""


class IssuedBuyerExtend(EfrisAnswer):
    """Property and meter of a utility's customer.

    Attributes:
        meter_status: `101` active, `102` inactive.
    """

    property_type: WireText = ""
    district: WireText = ""
    municipality_county: WireText = ""
    division_subcounty: WireText = ""
    town: WireText = ""
    cell_village: WireText = ""
    effective_registration_date: WireTime = None
    meter_status: WireText = ""


class IssuedLine(EfrisAnswer):
    """One row of a fiscalised document; a discount is two rows, as in the upload.

    Attributes:
        invoice_item_id: URA's id of the row, which customs refers to.
        tax_rate: As text, because exempt lines carry "-".
        total_weight: Exports: net kilograms.
    """

    invoice_item_id: WireText = ""
    item: WireText = ""
    item_code: WireText = ""
    qty: WireNumber = None
    unit_of_measure: WireText = ""
    unit_price: WireNumber = None
    total: WireNumber = None
    tax_rate: WireText = ""
    tax: WireNumber = None
    discount_total: WireNumber = None
    discount_tax_rate: WireText = ""
    order_number: WireNumber = None
    discount_flag: WireText = ""
    deemed_flag: WireText = ""
    excise_flag: WireText = ""
    category_id: WireText = ""
    category_name: WireText = ""
    goods_category_id: WireText = ""
    goods_category_name: WireText = ""
    excise_rate: WireText = ""
    excise_rule: WireText = ""
    excise_tax: WireNumber = None
    pack: WireNumber = None
    stick: WireNumber = None
    excise_unit: WireText = ""
    excise_currency: WireText = ""
    excise_rate_name: WireText = ""
    vat_applicable_flag: WireText = ""
    deemed_exempt_code: WireText = ""
    vat_project_id: WireText = ""
    vat_project_name: WireText = ""
    hs_code: WireText = ""
    hs_name: WireText = ""
    total_weight: WireNumber = None
    piece_qty: WireNumber = None
    piece_measure_unit: WireText = ""
    high_sea_bond_flag: WireText = ""
    high_sea_bond_code: WireText = ""
    high_sea_bond_no: WireText = ""


class IssuedTaxRow(EfrisAnswer):
    """The sums of one tax category of a fiscalised document."""

    tax_category: WireText = ""
    tax_category_code: WireText = ""
    net_amount: WireNumber = None
    tax_rate: WireText = ""
    tax_amount: WireNumber = None
    gross_amount: WireNumber = None
    excise_unit: WireText = ""
    excise_currency: WireText = ""
    tax_rate_name: WireText = ""


class IssuedSummary(EfrisAnswer):
    """Totals of a fiscalised document.

    Attributes:
        qr_code: Text to print as QR.
    """

    net_amount: WireNumber = None
    tax_amount: WireNumber = None
    gross_amount: WireNumber = None
    ori_gross_amount: WireNumber = None
    item_count: WireNumber = None
    mode_code: WireText = Field(default="", validation_alias=AliasChoices("modeCode", "mode", "mode_code"))
    remarks: WireText = ""
    qr_code: WireText = ""


class IssuedPayment(EfrisAnswer):
    """One payment of a fiscalised document."""

    payment_mode: WireText = ""
    payment_amount: WireNumber = None
    order_number: WireText = ""


class IssuedExtend(EfrisAnswer):
    """Why a note was issued."""

    reason: WireText = ""
    reason_code: WireText = ""


class IssuedImportedService(EfrisAnswer):
    """The foreign supplier of an imported service.

    Attributes:
        import_attachment_content: Base64.
    """

    import_business_name: WireText = ""
    import_email_address: WireText = ""
    import_contact_number: WireText = ""
    import_address: WireText = ""
    import_invoice_date: WireTime = None
    import_attachment_name: WireText = ""
    import_attachment_content: WireText = Field(default="", repr=False)


class IssuedFuelSale(EfrisAnswer):
    """Where fuel was filled.

    Attributes:
        mvrn: Vehicle registration.
        update_times: How often the buyer was corrected since.
    """

    tank_no: WireText = ""
    pump_no: WireText = ""
    nozzle_no: WireText = ""
    controller_no: WireText = ""
    acquisition_equipment_no: WireText = ""
    level_gauge_no: WireText = ""
    mvrn: WireText = ""
    update_times: WireNumber = None


class CustomsRecord(EfrisAnswer):
    """What customs knows of a document.

    Attributes:
        sad_number: Number of the declaration.
        cif: Value with insurance and freight, as printed.
        import_export_flag: `1` import, `2` export.
        confirm_status: `0` unconfirmed, no stock-in yet; `1` confirmed; `2` cancelled, the document is invalid.
        prn: Payment registration number.
    """

    sad_number: WireText = ""
    office: WireText = ""
    cif: WireText = ""
    ware_house_number: WireText = ""
    ware_house_name: WireText = ""
    destination_country: WireText = ""
    origin_country: WireText = ""
    import_export_flag: WireText = ""
    confirm_status: WireText = ""
    valuation_method: WireText = ""
    prn: WireText = ""
    export_regime: WireText = ""


class IssuedAgent(EfrisAnswer):
    """The agent who issued a document for the seller."""

    tin: WireText = ""
    legal_name: WireText = ""
    business_name: WireText = ""
    address: WireText = ""


class TotalsBeforeCredit(EfrisAnswer):
    """A credit note's original: its totals before the note."""

    pre_gross_amount: WireNumber = None
    pre_tax_amount: WireNumber = None
    pre_net_amount: WireNumber = None


class FiscalDocument(EfrisAnswer):
    """A document as the authority keeps it. What no version names is in `model_extra`.

    Attributes:
        airline_goods_details: What a ticket is made of; rows as in `goods_details`.
    """

    basic_information: IssuedInformation
    seller_details: Annotated[IssuedSeller, READ_OBJECT] = IssuedSeller()
    buyer_details: Annotated[IssuedBuyer, READ_OBJECT] = IssuedBuyer()
    buyer_extend: Annotated[IssuedBuyerExtend, READ_OBJECT] = IssuedBuyerExtend()
    goods_details: Annotated[tuple[IssuedLine, ...], READ_ROWS] = ()
    tax_details: Annotated[tuple[IssuedTaxRow, ...], READ_ROWS] = ()
    summary: Annotated[IssuedSummary, READ_OBJECT] = IssuedSummary()
    pay_way: Annotated[tuple[IssuedPayment, ...], READ_ROWS] = ()
    extend: Annotated[IssuedExtend, READ_OBJECT] = IssuedExtend()
    custom: Annotated[CustomsRecord, READ_OBJECT] = CustomsRecord()
    import_services_seller: Annotated[IssuedImportedService, READ_OBJECT] = IssuedImportedService()
    airline_goods_details: Annotated[tuple[IssuedLine, ...], READ_ROWS] = ()
    edc_details: Annotated[IssuedFuelSale, READ_OBJECT] = IssuedFuelSale()
    agent_entity: Annotated[IssuedAgent, READ_OBJECT] = IssuedAgent()

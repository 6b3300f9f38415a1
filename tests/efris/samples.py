"""A valid request for every interface. A new interface without one fails `tests/journeys/test_every_interface.py`.

docs/interfaces.md counts an interface as called over the wire if it stands here.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from risiti.efris import (
    CANCEL_NOTE,
    CHANGE_CONTACT,
    CHANGE_PASSWORD,
    CHECK_REGISTRATION_OTP,
    DECLARE_IMPORT,
    FIND_BRANCH_STOCK_RECORDS,
    FIND_STOCK_ADJUSTMENTS,
    FIND_STOCK_TRANSFERS,
    FUEL_PUMPS,
    MAINTAIN_STOCK,
    READ_FUEL_PUMP,
    READ_INVOICE,
    SEND_REGISTRATION_OTP,
    TRANSFER_STOCK,
    UPLOAD_INVOICE,
    Credentials,
    crypto,
    sign_batch,
)
from risiti.efris.clock import EAST_AFRICA_TIME
from risiti.efris.models.agents import AgentRelationQuery, ContactChange, ContactQuery, UssdAccount
from risiti.efris.models.base import EfrisRequest, NoContent
from risiti.efris.models.codes import (
    AdjustType,
    ApplicationQueryType,
    BuyerModified,
    BuyerType,
    CancellationCategory,
    CancellationReason,
    ClassificationType,
    Disconnection,
    Interruption,
    InvoiceType,
    IssuingStatus,
    LateBuyerType,
    NozzleStatus,
    OperatingSystem,
    OtpDelivery,
    StockInType,
    StockOperation,
    TransferType,
)
from risiti.efris.models.credit_notes import (
    ApplicationQuery,
    ApplicationRead,
    ApplicationWithdrawal,
    CancellationQuery,
    NoteCancellation,
)
from risiti.efris.models.customs import (
    CustomsInvoiceRead,
    CustomsQuery,
    DeclarationDecision,
    ExportDeclaration,
    ExportItem,
    ExportStatusChange,
    ImportBasics,
    ImportDeclaration,
    ImportGoods,
    ImportSummary,
)
from risiti.efris.models.devices import (
    CertificateUpload,
    DeviceRegistration,
    DeviceTransfer,
    EnablerUpgradeQuery,
    ExceptionEntry,
    ExceptionLog,
    IssuingReport,
    RegistrationLogin,
    RegistrationOtp,
    RegistrationOtpCheck,
    ZReport,
)
from risiti.efris.models.dictionaries import (
    ClassificationQuery,
    CommodityCategoryChangesQuery,
    CommodityCategoryQuery,
    ExchangeRateQuery,
    ExchangeRatesQuery,
)
from risiti.efris.models.fuel import (
    DeviceLocationQuery,
    EdcDisconnection,
    EdcDisconnections,
    FuelInvoiceQuery,
    FuelPumpRead,
    LateBuyer,
    NozzleReport,
    Pump,
    Shift,
    Tank,
    TanksAndPumps,
)
from risiti.efris.models.goods import GoodsQuery, GoodsUnitsQuery, GoodsUpload, StockLevelQuery
from risiti.efris.models.invoices import (
    CreditableInvoiceQuery,
    ExportQuery,
    InvoiceComparison,
    InvoiceIdentity,
    InvoiceQuery,
    InvoiceRead,
    RemainderQuery,
)
from risiti.efris.models.session import DeviceStart, PasswordChange
from risiti.efris.models.stock import (
    BranchStockQuery,
    BranchTransfer,
    BranchTransferItem,
    StockAdjustmentQuery,
    StockAdjustmentRead,
    StockMaintenance,
    StockMovement,
    StockRecordQuery,
    StockRecordRead,
    StockTransfer,
    StockTransferQuery,
    StockTransferRead,
)
from risiti.efris.models.taxpayers import BranchesQuery, PrincipalQuery, ReliefQuery, TaxpayerQuery
from risiti.efris.models.verification import PublicVerification
from tests.efris.shop import BUSINESS_NAME, BUSINESS_TIN, MAIN, SECOND, Shop, base64_of

Sample = Callable[[Shop], EfrisRequest]
"""Returns a valid request, after bringing about what it speaks of."""


def nothing(_: Shop) -> NoContent:
    return NoContent()


def a_cancellation(shop: Shop) -> NoteCancellation:
    issued = shop.sell()
    return NoteCancellation(
        ori_invoice_id=issued.invoice_id,
        invoice_no=shop.credited(issued),
        reason_code=CancellationReason.REFUSED_BY_BUYER,
        invoice_apply_category_code=CancellationCategory.CREDIT_NOTE,
    )


def a_cancelled_note(shop: Shop) -> CancellationQuery:
    cancellation = a_cancellation(shop)
    shop.client.call(CANCEL_NOTE, cancellation)
    return CancellationQuery(invoice_no=cancellation.invoice_no)


def a_withdrawal(shop: Shop) -> ApplicationWithdrawal:
    found = shop.applied()
    return ApplicationWithdrawal(business_key=found.id, reference_no=found.reference_no)


def a_batch(shop: Shop) -> EfrisRequest:
    documents = [UPLOAD_INVOICE.freeze(shop.document()) for _ in range(2)]
    return sign_batch(documents, Credentials(shop.tin, shop.device_no, shop.key))


def a_purchase(shop: Shop) -> StockMaintenance:
    shop.registered()
    return shop.purchase()


def a_write_off(shop: Shop) -> StockMaintenance:
    shop.stocked()
    movement = StockMovement(operation_type=StockOperation.REDUCE, adjust_type=(AdjustType.DAMAGED,))
    return StockMaintenance(goods_stock_in=movement, goods_stock_in_item=(shop.a_hundred(),))


def a_batch_made(shop: Shop) -> StockRecordQuery:
    shop.registered()
    movement = StockMovement(
        operation_type=StockOperation.INCREASE,
        stock_in_date=shop.today,
        stock_in_type=StockInType.MANUFACTURE,
        production_batch_no="B-1",
        production_date=shop.today,
    )
    made = StockMaintenance(goods_stock_in=movement, goods_stock_in_item=(shop.a_hundred(),))
    assert shop.client.call(MAINTAIN_STOCK, made).failures == ()
    return StockRecordQuery(production_batch_no="B-1")


def an_increase(shop: Shop) -> StockRecordRead:
    shop.stocked()
    (found,) = shop.client.call(FIND_BRANCH_STOCK_RECORDS, BranchStockQuery()).records
    return StockRecordRead(id=found.id)


def a_reduction(shop: Shop) -> StockAdjustmentRead:
    assert shop.client.call(MAINTAIN_STOCK, a_write_off(shop)).failures == ()
    (found,) = shop.client.call(FIND_STOCK_ADJUSTMENTS, StockAdjustmentQuery()).records
    return StockAdjustmentRead(id=found.id)


def a_transfer(shop: Shop) -> StockTransfer:
    shop.stocked()
    return StockTransfer(
        goods_stock_transfer=BranchTransfer(
            source_branch_id=MAIN, destination_branch_id=SECOND, transfer_type_code=(TransferType.OUT_OF_STOCK,)
        ),
        goods_stock_transfer_item=(BranchTransferItem(goods_code="P1", quantity=Decimal(10)),),
    )


def a_transfer_made(shop: Shop) -> StockTransferRead:
    assert shop.client.call(TRANSFER_STOCK, a_transfer(shop)).failures == ()
    (found,) = shop.client.call(FIND_STOCK_TRANSFERS, StockTransferQuery()).records
    return StockTransferRead(id=found.id)


def a_certificate(shop: Shop) -> CertificateUpload:
    secret = f"{shop.tin}{shop.now.astimezone(EAST_AFRICA_TIME):%y%m%d}".encode()
    return CertificateUpload(
        file_name="shop.crt",
        verify_string=base64_of(crypto.encrypt(secret, b"shop.crt")),
        file_content=base64_of(shop.certificate()),
    )


def a_login(shop: Shop) -> RegistrationLogin:
    password = "Throwaway-1"
    shop.client.call(CHANGE_PASSWORD, PasswordChange(user_name="admin", changed_password=password))
    return RegistrationLogin(tin=shop.tin, password=password)


def an_otp(shop: Shop) -> RegistrationOtpCheck:
    shop.client.call(SEND_REGISTRATION_OTP, RegistrationOtp(delivery_method=OtpDelivery.EMAIL))
    return RegistrationOtpCheck(tin=shop.tin, otp=shop.last_otp())


def a_registration(shop: Shop) -> DeviceRegistration:
    shop.client.call(CHECK_REGISTRATION_OTP, an_otp(shop))
    return DeviceRegistration(tin=shop.tin, branch_id=SECOND, device_no=f"{shop.tin}_02", device_type="1")


def a_shift(shop: Shop) -> Shift:
    return Shift(
        shift_no="1",
        start_volume=Decimal("10.00"),
        end_volume=Decimal("40.00"),
        fuel_type="Diesel",
        goods_id="100000000000000001",
        goods_code="D1",
        invoice_amount=Decimal("11800.02"),
        invoice_number=1,
        nozzle_no="N1",
        pump_no="P1",
        tank_no="T1",
        user_name="Amina",
        user_code="7",
        start_time=shop.now,
        end_time=shop.now,
    )


def a_disconnection(shop: Shop) -> EdcDisconnections:
    entry = EdcDisconnection(
        device_number="C1", disconnected_type=Disconnection.CONTROLLER_LOST, disconnected_time=shop.now
    )
    return EdcDisconnections(disconnections=(entry,))


def a_pump_id(shop: Shop) -> str:
    (pump,) = shop.client.call(FUEL_PUMPS, NoContent()).fuel_pump_list
    return pump.id


def prices(shop: Shop) -> TanksAndPumps:
    return TanksAndPumps(
        tank_list=(Tank(present_price=Decimal(5200), update_date_str=shop.now),),
        pump_list=(Pump(pump_id=a_pump_id(shop), pump_version="2"),),
    )


def a_late_buyer(shop: Shop) -> LateBuyer:
    return LateBuyer(
        invoice_no=shop.sell(shop.fuel()).invoice_no,
        buyer_type=LateBuyerType.BUSINESS,
        buyer_tin=BUSINESS_TIN,
        buyer_legal_name=BUSINESS_NAME,
        create_date_str=shop.now,
    )


def fuel_sold(shop: Shop) -> FuelInvoiceQuery:
    shop.sell(shop.fuel())
    return FuelInvoiceQuery(fuel_type="Diesel", query_type=BuyerModified.ALL)


def a_nozzle(shop: Shop) -> NozzleReport:
    (nozzle,) = shop.client.call(READ_FUEL_PUMP, FuelPumpRead(id=a_pump_id(shop))).fuel_nozzle_list
    return NozzleReport(nozzle_id=nozzle.id, nozzle_no=nozzle.nozzle_no, status=NozzleStatus.AVAILABLE)


def a_log(shop: Shop) -> ExceptionLog:
    entry = ExceptionEntry(
        interruption_type_code=Interruption.DISCONNECTED, description="Line down", interruption_time=shop.now
    )
    return ExceptionLog(entries=(entry,))


def a_contact(_: Shop) -> ContactChange:
    return ContactChange(buyer_type=BuyerType.BUSINESS, buyer_tin=BUSINESS_TIN, buyer_legal_name=BUSINESS_NAME)


def a_known_contact(shop: Shop) -> ContactQuery:
    shop.client.call(CHANGE_CONTACT, a_contact(shop))
    return ContactQuery(buyer_tin=BUSINESS_TIN)


def an_import(shop: Shop) -> ImportDeclaration:
    return ImportDeclaration(
        basic_information=ImportBasics(
            sad_number=f"SAD-{shop.tin}",
            sad_date=shop.now,
            cpc_code="4000",
            cpc_description="Home use",
            ware_house_number="W1",
            ware_house_name="Port shed",
            office="MALABA",
            cif=shop.tin,
            valuation_method="Transaction value",
        ),
        goods_details=(ImportGoods(hs_code=HS_CODE, pack="10 boxes"),),
        summary=ImportSummary(prn="PRN-1"),
    )


def a_declaration(shop: Shop) -> DeclarationDecision:
    shop.client.call(DECLARE_IMPORT, an_import(shop))
    return DeclarationDecision(sad_number=f"SAD-{shop.tin}")


def an_export(shop: Shop) -> ExportDeclaration:
    issued = shop.sell(shop.export())
    (line,) = shop.client.call(READ_INVOICE, InvoiceRead(invoice_no=issued.invoice_no)).goods_details
    return ExportDeclaration(
        tin=shop.tin,
        nin_brn="80020000000000",
        taxpayer_name="Mango Street Grocers (fictitious)",
        invoice_no=issued.invoice_no,
        sad_number=f"SAD-{shop.tin}",
        destination_country="KE",
        origin_country="UG",
        exit_station_office="BUSIA",
        exit_officer="Nakato",
        exit_date=shop.now,
        export_sad_items=(
            ExportItem(hs_code=HS_CODE, invoice_item_id=line.invoice_item_id, exported_quantity=Decimal(3)),
        ),
    )


HS_CODE = "4820.20"
PEN_CATEGORY, CEMENT_CATEGORY = "44121701", "30111601"
PROJECT_OWNER = "1000000905"

SAMPLES: Mapping[str, Sample] = {
    "T101": nothing,
    "T102": lambda _: DeviceStart(),
    "T103": nothing,
    "T104": nothing,
    "T105": lambda _: PasswordChange(user_name="admin", changed_password="Throwaway-1"),
    "T106": lambda shop: InvoiceQuery(invoice_no=shop.sell().invoice_no),
    "T107": lambda shop: CreditableInvoiceQuery(invoice_no=shop.sell().invoice_no),
    "T108": lambda shop: InvoiceRead(invoice_no=shop.sell().invoice_no),
    "T109": Shop.document,
    "T110": lambda shop: shop.credit(shop.sell()),
    "T111": lambda shop: ApplicationQuery(
        reference_no=shop.applied().reference_no, query_type=ApplicationQueryType.OWN
    ),
    "T112": lambda shop: ApplicationRead(id=shop.applied().id),
    "T113": lambda shop: shop.approval(shop.applied()),
    "T114": a_cancellation,
    "T115": nothing,
    "T116": lambda _: ZReport.model_validate({"salesAmount": "11800.02"}),
    "T117": lambda shop: InvoiceComparison(
        invoices=(InvoiceIdentity(invoice_no=shop.sell().invoice_no, invoice_type=InvoiceType.INVOICE),)
    ),
    "T118": lambda shop: ApplicationRead(id=shop.applied().id),
    "T119": lambda _: TaxpayerQuery(tin=BUSINESS_TIN),
    "T120": a_withdrawal,
    "T121": lambda shop: ExchangeRateQuery(currency="USD", issue_date=shop.today),
    "T122": a_cancelled_note,
    "T123": nothing,
    "T124": lambda _: CommodityCategoryQuery(page_no=2, page_size=20),
    "T125": nothing,
    "T126": lambda shop: ExchangeRatesQuery(issue_date=shop.today),
    "T127": lambda shop: GoodsQuery(goods_code=shop.registered().goods_code),
    "T128": lambda shop: StockLevelQuery(id=shop.stocked().id, branch_id=MAIN),
    "T129": a_batch,
    "T130": lambda shop: GoodsUpload(goods=(shop.pens(),)),
    "T131": a_purchase,
    "T132": a_log,
    "T133": lambda _: EnablerUpgradeQuery(tcs_version=2, os_type=OperatingSystem.LINUX),
    "T134": lambda _: CommodityCategoryChangesQuery(commodity_category_version="1"),
    "T135": nothing,
    "T136": a_certificate,
    "T137": lambda _: ReliefQuery(tin=PROJECT_OWNER, commodity_category_code=(CEMENT_CATEGORY,)),
    "T138": lambda shop: BranchesQuery(tin=shop.tin),
    "T139": a_transfer,
    "T140": a_login,
    "T141": lambda _: RegistrationOtp(delivery_method=OtpDelivery.EMAIL),
    "T142": an_otp,
    "T143": a_registration,
    "T144": lambda shop: GoodsUnitsQuery(goods_code=(shop.registered().goods_code,)),
    "T145": a_batch_made,
    "T146": lambda shop: ClassificationQuery(
        category_code=PEN_CATEGORY, type=ClassificationType.COMMODITY_CATEGORY, issue_date=shop.now
    ),
    "T147": lambda shop: BranchStockQuery(combine_keywords=shop.purchased()),
    "T148": an_increase,
    "T149": lambda shop: StockAdjustmentQuery(start_date=shop.today),
    "T160": a_reduction,
    "T162": nothing,
    "T163": a_shift,
    "T164": a_disconnection,
    "T165": prices,
    "T166": a_late_buyer,
    "T167": fuel_sold,
    "T168": nothing,
    "T169": lambda shop: FuelPumpRead(id=a_pump_id(shop)),
    "T170": lambda shop: DeviceLocationQuery(device_number=shop.device_no, start_date=shop.today),
    "T171": nothing,
    "T172": a_nozzle,
    "T173": nothing,
    "T175": lambda shop: UssdAccount(tin=shop.subscriber_tin, mobile_number=shop.subscriber_phone),
    "T176": lambda shop: IssuingReport(device_no=shop.device_no, device_issuing_status=IssuingStatus.READY),
    "T177": nothing,
    "T178": lambda _: DeviceTransfer(destination_branch_id=SECOND, remarks="Moved"),
    "T179": lambda shop: AgentRelationQuery(tin=shop.tin),
    "T180": lambda shop: PrincipalQuery(tin=shop.principal_tin, branch_id=MAIN),
    "T181": a_contact,
    "T182": a_known_contact,
    "T183": lambda shop: StockTransferQuery(start_date=shop.today),
    "T184": a_transfer_made,
    "T185": nothing,
    "T186": lambda shop: RemainderQuery(invoice_no=shop.sell().invoice_no),
    "T187": lambda shop: ExportQuery(invoice_no=shop.sell(shop.export()).invoice_no),
    "A101": lambda shop: PublicVerification.model_validate({"invoiceNo": shop.sell().invoice_no}),
    "C101": an_import,
    "C102": an_export,
    "C103": a_declaration,
    "C105": lambda shop: CustomsQuery(tin=shop.tin),
    "C106": lambda shop: CustomsInvoiceRead(invoice_no=shop.sell().invoice_no),
    "C107": lambda shop: ExportStatusChange(invoice_no=shop.sell(shop.export()).invoice_no, export_status_code="102"),
}
"""By interface code."""

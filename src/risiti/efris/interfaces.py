"""THE table: one row per interface - code, request model, answer model, reads or writes, encrypted or not."""

from collections.abc import Mapping
from types import MappingProxyType

from risiti.efris.interface import Effect, Interface, Secrecy
from risiti.efris.models.agents import (
    AgentRelationQuery,
    AgentRelations,
    ContactChange,
    ContactQuery,
    Contacts,
    UssdAccount,
)
from risiti.efris.models.base import Acknowledged, EfrisAnswer, EfrisRequest, NoContent, OpenAnswer
from risiti.efris.models.credit_notes import (
    ApplicationContent,
    ApplicationDecision,
    ApplicationDetails,
    ApplicationPage,
    ApplicationQuery,
    ApplicationRead,
    ApplicationWithdrawal,
    CancellationQuery,
    CancellationRecord,
    CreditNoteApplication,
    CreditNoteApplied,
    NoteCancellation,
)
from risiti.efris.models.customs import (
    CustomsInvoiceRead,
    CustomsQuery,
    DeclarationDecision,
    ExportDeclaration,
    ExportStatusChange,
    ImportDeclaration,
)
from risiti.efris.models.devices import (
    CertificateUpload,
    DeviceRegistration,
    DeviceTransfer,
    EnablerUpgrade,
    EnablerUpgradeQuery,
    EnablerVersion,
    ExceptionLog,
    IssuingReport,
    RegistrationLogin,
    RegistrationOtp,
    RegistrationOtpCheck,
    ZReport,
)
from risiti.efris.models.dictionaries import (
    Classification,
    ClassificationQuery,
    CommodityCategories,
    CommodityCategoryChangesQuery,
    CommodityCategoryPage,
    CommodityCategoryQuery,
    Dictionary,
    ExchangeRate,
    ExchangeRateQuery,
    ExchangeRates,
    ExchangeRatesQuery,
    ExciseDuties,
    HsCodes,
)
from risiti.efris.models.fuel import (
    DeviceLocationQuery,
    DeviceLocations,
    EdcDeviceVersions,
    EdcDisconnections,
    FuelInvoicePage,
    FuelInvoiceQuery,
    FuelPumpDetails,
    FuelPumpRead,
    FuelPumps,
    FuelTypes,
    FuelUnitRates,
    LateBuyer,
    NozzleReport,
    Shift,
    TanksAndPumps,
)
from risiti.efris.models.goods import (
    GoodsPage,
    GoodsQuery,
    GoodsUnitsList,
    GoodsUnitsQuery,
    GoodsUpload,
    GoodsUploaded,
    StockLevel,
    StockLevelQuery,
)
from risiti.efris.models.invoice_batch import InvoiceBatch, InvoiceOutcomes
from risiti.efris.models.invoice_upload import InvoiceUpload
from risiti.efris.models.invoices import (
    CreditableInvoiceQuery,
    ExportQuery,
    ExportStatus,
    InvoiceComparison,
    InvoiceDetails,
    InvoiceMismatches,
    InvoicePage,
    InvoiceQuery,
    InvoiceRead,
    InvoiceRemainder,
    InvoiceUploaded,
    RemainderQuery,
)
from risiti.efris.models.session import DeviceKeys, DeviceStart, PasswordChange, ServerTime, SessionKeyAnswer, SignedIn
from risiti.efris.models.stock import (
    BranchStockQuery,
    NegativeStock,
    StockAdjustmentDetails,
    StockAdjustmentPage,
    StockAdjustmentQuery,
    StockAdjustmentRead,
    StockMaintained,
    StockMaintenance,
    StockRecordDetails,
    StockRecordPage,
    StockRecordQuery,
    StockRecordRead,
    StockTransfer,
    StockTransferDetails,
    StockTransferPage,
    StockTransferQuery,
    StockTransferRead,
    StockTransferred,
)
from risiti.efris.models.taxpayers import (
    Branches,
    BranchesQuery,
    Principal,
    PrincipalQuery,
    Relief,
    ReliefQuery,
    TaxpayerFound,
    TaxpayerQuery,
)
from risiti.efris.models.verification import PublicVerification
from risiti.efris.return_codes import SUCCESS

SERVER_TIME = Interface(
    "T101", NoContent, ServerTime, Effect.READ, 5.0, "The authority's clock; also a sign of life.", Secrecy.NEITHER
)
START_DEVICE = Interface(
    "T102",
    DeviceStart,
    DeviceKeys,
    Effect.WRITE,
    15.0,
    "Keys for a device that has none of its own.",
    Secrecy.NEITHER,
    content_optional=True,
)
SIGN_IN = Interface(
    "T103", NoContent, SignedIn, Effect.READ, 15.0, "Who we are, and every switch set for us.", Secrecy.ANSWER
)
SESSION_KEY = Interface(
    "T104", NoContent, SessionKeyAnswer, Effect.READ, 15.0, "A session key for the device.", Secrecy.NEITHER
)
CHANGE_PASSWORD = Interface(
    "T105",
    PasswordChange,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "Change the password of a user of the authority's portal.",
    Secrecy.REQUEST,
)
FIND_INVOICES = Interface("T106", InvoiceQuery, InvoicePage, Effect.READ, 15.0, "Search fiscal documents.")
FIND_CREDITABLE_INVOICES = Interface(
    "T107", CreditableInvoiceQuery, InvoicePage, Effect.READ, 15.0, "Search documents that can still be credited."
)
READ_INVOICE = Interface("T108", InvoiceRead, InvoiceDetails, Effect.READ, 15.0, "Read one fiscal document in full.")
UPLOAD_INVOICE = Interface("T109", InvoiceUpload, InvoiceUploaded, Effect.WRITE, 30.0, "Fiscalise a document.")
APPLY_CREDIT_NOTE = Interface(
    "T110", CreditNoteApplication, CreditNoteApplied, Effect.WRITE, 30.0, "Apply for a credit note."
)
FIND_APPLICATIONS = Interface(
    "T111",
    ApplicationQuery,
    ApplicationPage,
    Effect.READ,
    15.0,
    "Search applications for notes and cancellations, and where they stand.",
)
READ_APPLICATION = Interface(
    "T112", ApplicationRead, ApplicationDetails, Effect.READ, 15.0, "Read the head of one application."
)
DECIDE_APPLICATION = Interface(
    "T113",
    ApplicationDecision,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "Approve or reject an application that waits for us.",
    Secrecy.REQUEST,
)
CANCEL_NOTE = Interface(
    "T114",
    NoteCancellation,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "Cancel a credit note, or apply for a debit note's cancellation.",
    Secrecy.REQUEST,
)
DICTIONARY = Interface("T115", NoContent, Dictionary, Effect.READ, 30.0, "Every code list at once.", Secrecy.ANSWER)
UPLOAD_Z_REPORT = Interface(
    "T116", ZReport, Acknowledged, Effect.WRITE, 30.0, "The day's totals of a device; its content is not settled."
)
COMPARE_INVOICES = Interface(
    "T117", InvoiceComparison, InvoiceMismatches, Effect.READ, 30.0, "Compare a list of documents with the authority's."
)
READ_APPLICATION_CONTENT = Interface(
    "T118", ApplicationRead, ApplicationContent, Effect.READ, 15.0, "Read what an application is about, row by row."
)
FIND_TAXPAYER = Interface("T119", TaxpayerQuery, TaxpayerFound, Effect.READ, 15.0, "Who stands behind a TIN.")
WITHDRAW_APPLICATION = Interface(
    "T120",
    ApplicationWithdrawal,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "Take back an application that nobody has decided yet.",
    Secrecy.REQUEST,
)
EXCHANGE_RATE = Interface("T121", ExchangeRateQuery, ExchangeRate, Effect.READ, 15.0, "Exchange rates of one currency.")
READ_CANCELLATION = Interface(
    "T122", CancellationQuery, CancellationRecord, Effect.READ, 15.0, "Why a note was cancelled."
)
COMMODITY_CATEGORIES = Interface(
    "T123",
    NoContent,
    CommodityCategories,
    Effect.READ,
    30.0,
    "Every commodity category at once.",
    Secrecy.NEITHER,
    signed_empty=True,
)
FIND_COMMODITY_CATEGORIES = Interface(
    "T124",
    CommodityCategoryQuery,
    CommodityCategoryPage,
    Effect.READ,
    30.0,
    "Commodity categories, page by page.",
    Secrecy.NEITHER,
)
EXCISE_DUTIES = Interface(
    "T125", NoContent, ExciseDuties, Effect.READ, 30.0, "Every excise duty.", Secrecy.NEITHER, signed_empty=True
)
EXCHANGE_RATES = Interface(
    "T126", ExchangeRatesQuery, ExchangeRates, Effect.READ, 15.0, "Exchange rates of all currencies."
)
FIND_GOODS = Interface("T127", GoodsQuery, GoodsPage, Effect.READ, 30.0, "Search the registered goods.")
READ_STOCK_LEVEL = Interface(
    "T128", StockLevelQuery, StockLevel, Effect.READ, 15.0, "How much of one product there is."
)
UPLOAD_INVOICE_BATCH = Interface(
    "T129",
    InvoiceBatch,
    InvoiceOutcomes,
    Effect.WRITE,
    30.0,
    "Fiscalise several documents; 1613 comes where some were refused.",
    answer_codes=frozenset({SUCCESS, "1613"}),
)
UPLOAD_GOODS = Interface(
    "T130",
    GoodsUpload,
    GoodsUploaded,
    Effect.WRITE,
    30.0,
    "Register or change goods; rows that failed come back with code 45.",
    answer_codes=frozenset({SUCCESS, "45"}),
)
MAINTAIN_STOCK = Interface(
    "T131",
    StockMaintenance,
    StockMaintained,
    Effect.WRITE,
    30.0,
    "Put goods into stock or take them out; rows that failed come back with code 45.",
    answer_codes=frozenset({SUCCESS, "45"}),
)
UPLOAD_EXCEPTION_LOG = Interface(
    "T132", ExceptionLog, Acknowledged, Effect.WRITE, 15.0, "What went wrong at the device.", Secrecy.REQUEST
)
READ_ENABLER_UPGRADE = Interface(
    "T133", EnablerUpgradeQuery, EnablerUpgrade, Effect.READ, 30.0, "What it takes to upgrade an offline enabler."
)
COMMODITY_CATEGORY_CHANGES = Interface(
    "T134",
    CommodityCategoryChangesQuery,
    CommodityCategories,
    Effect.READ,
    30.0,
    "Commodity categories that changed since a version.",
)
ENABLER_VERSION = Interface(
    "T135", NoContent, EnablerVersion, Effect.READ, 15.0, "The newest version of the offline enabler.", Secrecy.ANSWER
)
UPLOAD_CERTIFICATE = Interface(
    "T136",
    CertificateUpload,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "The certificate our signatures are checked with.",
    Secrecy.NEITHER,
)
READ_RELIEF = Interface(
    "T137",
    ReliefQuery,
    Relief,
    Effect.READ,
    15.0,
    "Whether a taxpayer is exempt, or VAT on sales to them is deemed paid.",
)
BRANCHES = Interface(
    "T138", BranchesQuery, Branches, Effect.READ, 15.0, "Branches of a taxpayer.", Secrecy.ANSWER, content_optional=True
)
TRANSFER_STOCK = Interface(
    "T139",
    StockTransfer,
    StockTransferred,
    Effect.WRITE,
    30.0,
    "Move stock between branches; rows that failed come back with code 45.",
    answer_codes=frozenset({SUCCESS, "45"}),
)
LOG_IN_FOR_REGISTRATION = Interface(
    "T140", RegistrationLogin, OpenAnswer, Effect.WRITE, 15.0, "Sign in to register a device.", documented=False
)
SEND_REGISTRATION_OTP = Interface(
    "T141", RegistrationOtp, OpenAnswer, Effect.WRITE, 15.0, "Have a one-time password sent.", documented=False
)
CHECK_REGISTRATION_OTP = Interface(
    "T142", RegistrationOtpCheck, OpenAnswer, Effect.WRITE, 15.0, "Hand the one-time password in.", documented=False
)
REGISTER_DEVICE = Interface(
    "T143", DeviceRegistration, OpenAnswer, Effect.WRITE, 15.0, "Register a device for a branch.", documented=False
)
READ_GOODS_UNITS = Interface("T144", GoodsUnitsQuery, GoodsUnitsList, Effect.READ, 15.0, "The units of some goods.")
FIND_STOCK_RECORDS = Interface(
    "T145",
    StockRecordQuery,
    StockRecordPage,
    Effect.READ,
    15.0,
    "Stock movements of a batch, a purchase or a reference.",
)
READ_CLASSIFICATION = Interface(
    "T146",
    ClassificationQuery,
    Classification,
    Effect.READ,
    15.0,
    "A commodity category or excise duty as it was on a day.",
)
FIND_BRANCH_STOCK_RECORDS = Interface(
    "T147", BranchStockQuery, StockRecordPage, Effect.READ, 15.0, "Stock movements of the device's branch."
)
READ_STOCK_RECORD = Interface(
    "T148", StockRecordRead, StockRecordDetails, Effect.READ, 15.0, "Read one stock-in movement in full."
)
FIND_STOCK_ADJUSTMENTS = Interface(
    "T149", StockAdjustmentQuery, StockAdjustmentPage, Effect.READ, 15.0, "Search reductions of stock."
)
READ_STOCK_ADJUSTMENT = Interface(
    "T160", StockAdjustmentRead, StockAdjustmentDetails, Effect.READ, 15.0, "Read one reduction of stock in full."
)
FUEL_TYPES = Interface("T162", NoContent, FuelTypes, Effect.READ, 15.0, "The tree of fuels.", Secrecy.ANSWER)
UPLOAD_SHIFT = Interface(
    "T163", Shift, Acknowledged, Effect.WRITE, 15.0, "What an attendant's shift sold.", Secrecy.REQUEST
)
UPLOAD_EDC_DISCONNECTIONS = Interface(
    "T164",
    EdcDisconnections,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "When fuel controllers were out of reach.",
    Secrecy.REQUEST,
)
UPLOAD_TANKS_AND_PUMPS = Interface(
    "T165", TanksAndPumps, OpenAnswer, Effect.WRITE, 15.0, "Prices of tanks and versions of pumps.", documented=False
)
NAME_FUEL_BUYER = Interface(
    "T166",
    LateBuyer,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "Name the buyer of a fuel document after the sale.",
    Secrecy.REQUEST,
)
FIND_FUEL_INVOICES = Interface(
    "T167", FuelInvoiceQuery, FuelInvoicePage, Effect.READ, 15.0, "Search the documents of fuel stations."
)
FUEL_PUMPS = Interface(
    "T168", NoContent, FuelPumps, Effect.READ, 15.0, "The pumps of the station and its default buyers.", Secrecy.ANSWER
)
READ_FUEL_PUMP = Interface(
    "T169", FuelPumpRead, FuelPumpDetails, Effect.READ, 15.0, "Read one pump with its nozzles and tanks."
)
FIND_DEVICE_LOCATIONS = Interface(
    "T170", DeviceLocationQuery, DeviceLocations, Effect.READ, 15.0, "Where a device was."
)
FUEL_UNIT_RATES = Interface(
    "T171", NoContent, FuelUnitRates, Effect.READ, 15.0, "How the units of fuel convert.", Secrecy.ANSWER
)
UPLOAD_NOZZLE_STATUS = Interface(
    "T172", NozzleReport, Acknowledged, Effect.WRITE, 15.0, "What a nozzle is doing.", Secrecy.REQUEST
)
EDC_DEVICE_VERSIONS = Interface(
    "T173", NoContent, EdcDeviceVersions, Effect.READ, 15.0, "The devices a fuel station may have.", Secrecy.ANSWER
)
CREATE_USSD_ACCOUNT = Interface(
    "T175",
    UssdAccount,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "Let a taxpayer issue receipts by mobile phone.",
    Secrecy.REQUEST,
)
UPLOAD_ISSUING_STATUS = Interface(
    "T176", IssuingReport, Acknowledged, Effect.WRITE, 15.0, "What a device is doing.", Secrecy.NEITHER
)
NEGATIVE_STOCK = Interface(
    "T177", NoContent, NegativeStock, Effect.READ, 15.0, "When, and for what, stock may go below zero.", Secrecy.NEITHER
)
TRANSFER_DEVICE = Interface(
    "T178",
    DeviceTransfer,
    Acknowledged,
    Effect.WRITE,
    15.0,
    "Move the calling device to another branch.",
    Secrecy.REQUEST,
)
FIND_AGENT_RELATIONS = Interface(
    "T179", AgentRelationQuery, AgentRelations, Effect.READ, 15.0, "Who acts for a taxpayer, or for whom it acts."
)
READ_PRINCIPAL = Interface(
    "T180", PrincipalQuery, Principal, Effect.READ, 15.0, "Taxes and switches of an agent's principal."
)
CHANGE_CONTACT = Interface(
    "T181", ContactChange, Acknowledged, Effect.WRITE, 15.0, "Keep, change or forget a frequent buyer.", Secrecy.REQUEST
)
FIND_CONTACTS = Interface("T182", ContactQuery, Contacts, Effect.READ, 15.0, "Search the frequent buyers kept.")
FIND_STOCK_TRANSFERS = Interface(
    "T183", StockTransferQuery, StockTransferPage, Effect.READ, 15.0, "Search transfers between branches."
)
READ_STOCK_TRANSFER = Interface(
    "T184", StockTransferRead, StockTransferDetails, Effect.READ, 15.0, "Read one transfer between branches in full."
)
HS_CODES = Interface("T185", NoContent, HsCodes, Effect.READ, 30.0, "The customs tariff.", Secrecy.NEITHER)
READ_INVOICE_REMAINDER = Interface(
    "T186",
    RemainderQuery,
    InvoiceRemainder,
    Effect.READ,
    15.0,
    "Read a document, and what of it can still be credited.",
)
READ_EXPORT_STATUS = Interface("T187", ExportQuery, ExportStatus, Effect.READ, 15.0, "Where customs has an export.")
VERIFY_PUBLICLY = Interface(
    "A101",
    PublicVerification,
    OpenAnswer,
    Effect.WRITE,
    15.0,
    "Check a receipt as the public does; attempts are counted.",
    documented=False,
)
DECLARE_IMPORT = Interface(
    "C101", ImportDeclaration, OpenAnswer, Effect.WRITE, 30.0, "Customs: what was imported.", documented=False
)
DECLARE_EXPORT = Interface(
    "C102",
    ExportDeclaration,
    OpenAnswer,
    Effect.WRITE,
    30.0,
    "Customs: what left the country of a document.",
    documented=False,
)
DECIDE_DECLARATION = Interface(
    "C103",
    DeclarationDecision,
    OpenAnswer,
    Effect.WRITE,
    15.0,
    "Customs: confirm or cancel a declaration.",
    documented=False,
)
QUERY_CUSTOMS = Interface(
    "C105", CustomsQuery, OpenAnswer, Effect.READ, 15.0, "Customs: a query whose content is unknown.", documented=False
)
READ_CUSTOMS_INVOICE = Interface(
    "C106", CustomsInvoiceRead, OpenAnswer, Effect.READ, 15.0, "Customs: read a fiscal document.", documented=False
)
SET_EXPORT_STATUS = Interface(
    "C107",
    ExportStatusChange,
    OpenAnswer,
    Effect.WRITE,
    15.0,
    "Customs: how far the export of a document is.",
    documented=False,
)

INTERFACES: Mapping[str, Interface[EfrisRequest, EfrisAnswer]] = MappingProxyType(
    {
        interface.code: interface  # type: ignore[misc]
        for interface in (
            SERVER_TIME,
            START_DEVICE,
            SIGN_IN,
            SESSION_KEY,
            CHANGE_PASSWORD,
            FIND_INVOICES,
            FIND_CREDITABLE_INVOICES,
            READ_INVOICE,
            UPLOAD_INVOICE,
            APPLY_CREDIT_NOTE,
            FIND_APPLICATIONS,
            READ_APPLICATION,
            DECIDE_APPLICATION,
            CANCEL_NOTE,
            DICTIONARY,
            UPLOAD_Z_REPORT,
            COMPARE_INVOICES,
            READ_APPLICATION_CONTENT,
            FIND_TAXPAYER,
            WITHDRAW_APPLICATION,
            EXCHANGE_RATE,
            READ_CANCELLATION,
            COMMODITY_CATEGORIES,
            FIND_COMMODITY_CATEGORIES,
            EXCISE_DUTIES,
            EXCHANGE_RATES,
            FIND_GOODS,
            READ_STOCK_LEVEL,
            UPLOAD_INVOICE_BATCH,
            UPLOAD_GOODS,
            MAINTAIN_STOCK,
            UPLOAD_EXCEPTION_LOG,
            READ_ENABLER_UPGRADE,
            COMMODITY_CATEGORY_CHANGES,
            ENABLER_VERSION,
            UPLOAD_CERTIFICATE,
            READ_RELIEF,
            BRANCHES,
            TRANSFER_STOCK,
            LOG_IN_FOR_REGISTRATION,
            SEND_REGISTRATION_OTP,
            CHECK_REGISTRATION_OTP,
            REGISTER_DEVICE,
            READ_GOODS_UNITS,
            FIND_STOCK_RECORDS,
            READ_CLASSIFICATION,
            FIND_BRANCH_STOCK_RECORDS,
            READ_STOCK_RECORD,
            FIND_STOCK_ADJUSTMENTS,
            READ_STOCK_ADJUSTMENT,
            FUEL_TYPES,
            UPLOAD_SHIFT,
            UPLOAD_EDC_DISCONNECTIONS,
            UPLOAD_TANKS_AND_PUMPS,
            NAME_FUEL_BUYER,
            FIND_FUEL_INVOICES,
            FUEL_PUMPS,
            READ_FUEL_PUMP,
            FIND_DEVICE_LOCATIONS,
            FUEL_UNIT_RATES,
            UPLOAD_NOZZLE_STATUS,
            EDC_DEVICE_VERSIONS,
            CREATE_USSD_ACCOUNT,
            UPLOAD_ISSUING_STATUS,
            NEGATIVE_STOCK,
            TRANSFER_DEVICE,
            FIND_AGENT_RELATIONS,
            READ_PRINCIPAL,
            CHANGE_CONTACT,
            FIND_CONTACTS,
            FIND_STOCK_TRANSFERS,
            READ_STOCK_TRANSFER,
            HS_CODES,
            READ_INVOICE_REMAINDER,
            READ_EXPORT_STATUS,
            VERIFY_PUBLICLY,
            DECLARE_IMPORT,
            DECLARE_EXPORT,
            DECIDE_DECLARATION,
            QUERY_CUSTOMS,
            READ_CUSTOMS_INVOICE,
            SET_EXPORT_STATUS,
        )
    }
)
"""Every interface by its code."""

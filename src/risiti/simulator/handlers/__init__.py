"""Which interface is answered by whom: interface code -> service, written out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from risiti.simulator.answers import Answer
from risiti.simulator.gate import Call, Terms
from risiti.simulator.handlers import (
    agents,
    credit_notes,
    customs,
    devices,
    dictionaries,
    fuel,
    goods,
    invoice_batch,
    invoice_upload,
    invoices,
    session,
    stock,
    taxpayers,
    verification,
)
from risiti.simulator.world import World

Handler = Callable[[Call, World], Answer]


@dataclass(frozen=True, slots=True)
class Service:
    """One interface.

    Attributes:
        handler: Answers it, inside one transaction; raises Refusal.
        terms: What it asks of its caller.
        encrypted: Whether its answer is encrypted.
        slow: Whether `processing_seconds` applies to it.
    """

    handler: Handler
    terms: Terms
    encrypted: bool = True
    slow: bool = False


SERVICES: Mapping[str, Service] = {
    "T101": Service(session.server_time, Terms("none", "anyone"), encrypted=False),
    "T102": Service(session.start_device, Terms("object", "device", plain=True, optional=True), encrypted=False),
    "T103": Service(session.sign_in, Terms("none")),
    "T104": Service(session.session_key, Terms("none", "device"), encrypted=False),
    "T105": Service(session.change_password, Terms("object"), encrypted=False),
    "T106": Service(invoices.query, Terms("object")),
    "T107": Service(invoices.query_creditable, Terms("object")),
    "T108": Service(invoices.details, Terms("object")),
    "T109": Service(invoice_upload.upload, Terms("object"), slow=True),
    "T110": Service(credit_notes.apply, Terms("object")),
    "T111": Service(credit_notes.query, Terms("object")),
    "T112": Service(credit_notes.details, Terms("object")),
    "T113": Service(credit_notes.decide, Terms("object"), encrypted=False),
    "T114": Service(credit_notes.cancel, Terms("object"), encrypted=False),
    "T115": Service(dictionaries.dictionary, Terms("none")),
    "T116": Service(devices.daily_report, Terms("object")),
    "T117": Service(invoices.compare, Terms("array")),
    "T118": Service(credit_notes.content, Terms("object")),
    "T119": Service(taxpayers.find, Terms("object")),
    "T120": Service(credit_notes.void_application, Terms("object"), encrypted=False),
    "T121": Service(dictionaries.exchange_rate, Terms("object")),
    "T122": Service(credit_notes.cancellation_details, Terms("object")),
    "T123": Service(dictionaries.all_categories, Terms("none", "device"), encrypted=False),
    "T124": Service(dictionaries.categories_page, Terms("object", "device", plain=True), encrypted=False),
    "T125": Service(dictionaries.excise_duties, Terms("none", "device"), encrypted=False),
    "T126": Service(dictionaries.exchange_rates, Terms("object")),
    "T127": Service(goods.query, Terms("object")),
    "T128": Service(stock.level, Terms("object")),
    "T129": Service(invoice_batch.upload_batch, Terms("array"), slow=True),
    "T130": Service(goods.upload, Terms("array")),
    "T131": Service(stock.maintain, Terms("object")),
    "T132": Service(devices.exception_log, Terms("array"), encrypted=False),
    "T133": Service(devices.enabler_upgrade, Terms("object")),
    "T134": Service(dictionaries.changed_categories, Terms("object")),
    "T135": Service(devices.enabler_version, Terms("none")),
    "T136": Service(devices.upload_certificate, Terms("object", "device", plain=True, signed=False), encrypted=False),
    "T137": Service(taxpayers.relief, Terms("object")),
    "T138": Service(taxpayers.branches, Terms("object", plain=True, optional=True)),
    "T139": Service(stock.transfer, Terms("object")),
    "T140": Service(devices.log_in, Terms("object")),
    "T141": Service(devices.send_otp, Terms("object")),
    "T142": Service(devices.check_otp, Terms("object")),
    "T143": Service(devices.register_device, Terms("object")),
    "T144": Service(goods.units, Terms("object")),
    "T145": Service(stock.query, Terms("object")),
    "T146": Service(dictionaries.classification, Terms("object")),
    "T147": Service(stock.query_branch, Terms("object")),
    "T148": Service(stock.details, Terms("object")),
    "T149": Service(stock.query_adjustments, Terms("object")),
    "T160": Service(stock.adjustment, Terms("object")),
    "T162": Service(fuel.fuel_types, Terms("none")),
    "T163": Service(fuel.upload_shift, Terms("object"), encrypted=False),
    "T164": Service(fuel.upload_disconnections, Terms("array"), encrypted=False),
    "T165": Service(fuel.upload_tanks_and_pumps, Terms("object")),
    "T166": Service(fuel.name_buyer, Terms("object"), encrypted=False),
    "T167": Service(fuel.query, Terms("object")),
    "T168": Service(fuel.pump_versions, Terms("none")),
    "T169": Service(fuel.pump, Terms("object")),
    "T170": Service(fuel.device_positions, Terms("object")),
    "T171": Service(fuel.unit_rates, Terms("none")),
    "T172": Service(fuel.nozzle_status, Terms("object"), encrypted=False),
    "T173": Service(fuel.device_versions, Terms("none")),
    "T175": Service(agents.create_ussd_account, Terms("object"), encrypted=False),
    "T176": Service(devices.issuing_status, Terms("object", "device", plain=True), encrypted=False),
    "T177": Service(stock.negative_stock, Terms("none"), encrypted=False),
    "T178": Service(devices.transfer, Terms("object"), encrypted=False),
    "T179": Service(agents.agent_relations, Terms("object")),
    "T180": Service(taxpayers.principal, Terms("object")),
    "T181": Service(agents.change_contact, Terms("object"), encrypted=False),
    "T182": Service(agents.find_contacts, Terms("object")),
    "T183": Service(stock.query_transfers, Terms("object")),
    "T184": Service(stock.transfer_details, Terms("object")),
    "T185": Service(dictionaries.customs_tariff, Terms("none", "device"), encrypted=False),
    "T186": Service(invoices.remaining, Terms("object")),
    "T187": Service(invoices.export_status_of, Terms("object")),
    "A101": Service(verification.verify, Terms("object")),
    "C101": Service(customs.declare_import, Terms("object")),
    "C102": Service(customs.declare_export, Terms("object")),
    "C103": Service(customs.decide, Terms("object")),
    "C105": Service(customs.query, Terms("object")),
    "C106": Service(customs.read_document, Terms("object")),
    "C107": Service(customs.set_export_status, Terms("object")),
}
"""Every interface the stand-in answers; any other code is refused with 01."""

TERMS: Mapping[str, Terms] = {code: service.terms for code, service in SERVICES.items()}

"""Imports every table, so that migrations and tests see them all."""

from risiti.gateway.db.base import Base
from risiti.gateway.events import Event
from risiti.gateway.fiscal.catalogues.tables import CatalogueCopy, CatalogueEntry, GoodsEntry
from risiti.gateway.fiscal.items import Item
from risiti.gateway.idempotency import IdempotencyKey
from risiti.gateway.jobs.tables import Task
from risiti.gateway.journal.tables import JournalEntry
from risiti.gateway.submissions.findings import Finding
from risiti.gateway.submissions.tables import Attempt, DeadlineAlert, Decision, Document, Evidence, Revision
from risiti.gateway.submissions.upstream_tables import (
    BreakerRow,
    BreakerTurn,
    DeviceSession,
    LiveLimit,
    LiveWorker,
    RecoveryEpoch,
    UpstreamClock,
)
from risiti.gateway.tenancy.firm_tables import Firm, FirmEvent, FirmMember
from risiti.gateway.tenancy.tables import ApiKey, Branch, Company, DataKey, Device
from risiti.gateway.tenancy.user_tables import Membership, OneTimeToken, RecoveryCode, SecondFactor, SignIn, User

__all__ = [
    "ApiKey",
    "Attempt",
    "Base",
    "Branch",
    "BreakerRow",
    "BreakerTurn",
    "CatalogueCopy",
    "CatalogueEntry",
    "Company",
    "DataKey",
    "DeadlineAlert",
    "Decision",
    "Device",
    "DeviceSession",
    "Document",
    "Event",
    "Evidence",
    "Finding",
    "Firm",
    "FirmEvent",
    "FirmMember",
    "GoodsEntry",
    "IdempotencyKey",
    "Item",
    "JournalEntry",
    "LiveLimit",
    "LiveWorker",
    "Membership",
    "OneTimeToken",
    "RecoveryCode",
    "RecoveryEpoch",
    "Revision",
    "SecondFactor",
    "SignIn",
    "Task",
    "UpstreamClock",
    "User",
]

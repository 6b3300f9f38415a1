"""Everything the authority knows, in one SQLite file: open it, ask it, and a restart forgets nothing."""

import copy
import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from risiti.efris.crypto import load_private_key
from risiti.simulator import seed
from risiti.simulator.accounts import Accounts
from risiti.simulator.applications import Applications
from risiti.simulator.clock import system_chance
from risiti.simulator.contacts import Contacts
from risiti.simulator.customs_book import CustomsBook
from risiti.simulator.device_book import DeviceBook
from risiti.simulator.faults import FaultPlan
from risiti.simulator.forecourt import Forecourt
from risiti.simulator.ledger import Document, Ledger
from risiti.simulator.magic import Magic
from risiti.simulator.notes import Notes
from risiti.simulator.projects import Projects
from risiti.simulator.registry import Device, Registry, Taxpayer
from risiti.simulator.reports import Reports
from risiti.simulator.settings import Settings
from risiti.simulator.shelf import Shelf
from risiti.simulator.station_book import StationBook
from risiti.simulator.stock import Stock
from risiti.simulator.stock_book import StockBook
from risiti.simulator.store import Store
from risiti.simulator.tanks import Tanks

RSA_BITS = 2048
RSA_EXPONENT = 65537


class World:
    """The authority's memory. Safe to use from several threads; one process per file.

    Attributes:
        registry: Taxpayers, devices, session keys.
        ledger: Fiscal documents.
        shelf: Registered goods.
        stock: How much of them lies where.
        stock_book: What stock calls did.
        tanks: Fuel tanks of the branches.
        notes: Which document is a note to which, and which notes are cancelled.
        applications: Applications for credit notes and for cancelling debit notes.
        reports: Daily reports received.
        projects: Deemed and exempt projects of buyers.
        forecourt: Nozzles of petrol stations.
        device_book: Branches, keys, positions, states and fault logs of devices.
        accounts: Portal users, USSD subscribers, and messages to them.
        contacts: Frequent buyers that taxpayers keep.
        station_book: What petrol stations reported.
        customs_book: What customs declared.
        faults: What goes wrong now; not stored, so a restart begins without faults.
        magic: Which magic references have struck already.
    """

    def __init__(self, store: Store, chance: Random) -> None:
        self.store = store
        self.registry = Registry(store, chance)
        self.ledger = Ledger(store, chance)
        self.shelf = Shelf(store)
        self.stock = Stock(store, self.shelf)
        self.stock_book = StockBook(store)
        self.tanks = Tanks(store)
        self.notes = Notes(store)
        self.applications = Applications(store)
        self.reports = Reports(store)
        self.projects = Projects(store)
        self.forecourt = Forecourt(store)
        self.device_book = DeviceBook(store)
        self.accounts = Accounts(store, chance)
        self.contacts = Contacts(store)
        self.station_book = StationBook(store)
        self.customs_book = CustomsBook(store)
        self.faults = FaultPlan(chance)
        self.magic = Magic(store)
        self._settings = self._stored_settings()
        self._server_key: RSAPrivateKey | None = None

    @classmethod
    def open(cls, path: Path | str = ":memory:", *, chance: Random | None = None) -> Self:
        """Open a world, new or as it was left.

        Args:
            path: SQLite file, made if missing, or `:memory:`.
            chance: Source of keys, codes and fault probabilities; the operating system's by default.

        Raises:
            sqlite3.Error: the file cannot be opened or is no such database.
        """
        world = cls(Store(path), chance or system_chance())
        for taxpayer in seed.TAXPAYERS:
            if world.registry.taxpayer(taxpayer.tin) is None:
                world.registry.add_taxpayer(taxpayer)
        world.projects.seed(seed.PROJECTS)
        return world

    def register(self, taxpayer: Taxpayer, device: Device) -> None:
        """Register a seller and a device of it in one step.

        Raises:
            RegistrationError: the public key is no RSA key, or the TINs differ.
        """
        if device.public_key:
            device.key()
        with self.store.transaction():
            self.registry.add_taxpayer(taxpayer)
            self.registry.add_device(device)

    def documents(self, reference: str, tin: str | None = None) -> list[Document]:
        """List the fiscal documents that carry a seller's reference: exactly one, if all is well."""
        return self.ledger.by_reference(reference, tin)

    def calls(self) -> dict[str, int]:
        """Count the calls received, by interface code ("?" where none could be read)."""
        with self.store.reading() as db:
            return dict(db.execute("SELECT interface, count FROM calls ORDER BY interface").fetchall())

    @property
    def settings(self) -> Settings:
        """The switches in force."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self.store.set_fact("settings", json.dumps(settings.to_json()).encode())
        self._settings = settings

    @property
    def has_settings(self) -> bool:
        """Whether settings were ever stored."""
        return self.store.fact("settings") is not None

    def under(self, settings: Settings) -> Self:
        """Return the same memory under other settings, which are not stored."""
        if settings is self._settings:
            return self
        other = copy.copy(self)
        other._settings = settings  # noqa: SLF001 - of the same class
        return other

    def server_key(self) -> RSAPrivateKey:
        """Return the authority's own key, which signs answers; made at first use and kept."""
        if self._server_key is None:
            stored = self.store.fact("server_key")
            self._server_key = _process_key() if stored is None else load_private_key(stored, None)
            if stored is None:
                self.store.set_fact("server_key", _pem(self._server_key))
        return self._server_key

    def close(self) -> None:
        """Close the file. Nothing is lost without it."""
        self.store.close()

    def _stored_settings(self) -> Settings:
        stored = self.store.fact("settings")
        return Settings() if stored is None else Settings().changed(json.loads(stored))


@cache
def _process_key() -> RSAPrivateKey:
    """Make the signing key of all new worlds in this process: making one takes long, and it protects nothing."""
    return generate_private_key(public_exponent=RSA_EXPONENT, key_size=RSA_BITS)


def _pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

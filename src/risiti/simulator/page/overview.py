"""What the page shows, as values: a bounded look at everything the stand-in holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args, get_origin, get_type_hints

from risiti.simulator import magic
from risiti.simulator.accounts import Message
from risiti.simulator.applications import SUBMITTED, Application
from risiti.simulator.clock import kampala
from risiti.simulator.faults import FAULTS, Fault
from risiti.simulator.handlers import SERVICES
from risiti.simulator.ledger import Document
from risiti.simulator.registry import Device, Taxpayer
from risiti.simulator.settings import Settings
from risiti.simulator.stock import branch_of, shown
from risiti.simulator.world import World

MOST_ROWS = 25
"""Rows of one table on the page; the control door has the rest."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A table cut to what a page can bear: its rows, and how many there are in all."""

    rows: tuple[object, ...]
    total: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Switch:
    """A setting with its form field.

    Attributes:
        name: Its name.
        value: What is in force, as text.
        choices: What it may be; none for a field to type into.
        about: What it does.
    """

    name: str
    value: str
    choices: tuple[str, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Level:
    """How much of a good lies in a branch."""

    tin: str
    code: str
    name: str
    branch: str
    quantity: str


@dataclass(frozen=True, slots=True)
class Called:
    """An interface, how often it was called, and what it is for."""

    code: str
    count: int
    about: str


@dataclass(frozen=True, slots=True)
class Owner:
    """A taxpayer with its devices."""

    taxpayer: Taxpayer
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the page shows. Times are aware."""

    now: datetime
    owners: Listed
    buyers: Listed
    documents: Listed
    calls: Listed
    waiting: Listed
    stock: Listed
    messages: tuple[Message, ...]
    faults: tuple[Fault, ...]
    switches: tuple[Switch, ...]
    magic_on: bool


def look(world: World, now: datetime) -> Overview:
    """Collect what the page shows."""
    devices = world.registry.devices()
    taxpayers = world.registry.taxpayers()
    owners = [Owner(one, tuple(device for device in devices if device.tin == one.tin)) for one in taxpayers]
    last = world.ledger.last_number()
    waiting: list[Application] = [one for one in world.applications.every() if one.status == SUBMITTED]
    calls = [_called(code, count) for code, count in world.calls().items()]
    return Overview(
        now=now,
        owners=_listed([owner for owner in owners if owner.devices]),
        buyers=_listed([owner.taxpayer for owner in owners if not owner.devices]),
        documents=Listed(tuple(_newest(world, last)), last),
        calls=_listed(sorted(calls, key=lambda call: -call.count)),
        waiting=_listed(waiting),
        stock=_listed(_levels(world, [owner.taxpayer for owner in owners])),
        messages=tuple(world.accounts.messages(MOST_ROWS)),
        faults=world.faults.rules,
        switches=switches(world.settings),
        magic_on=world.settings.magic,
    )


def switches(settings: Settings) -> tuple[Switch, ...]:
    """Return every setting with what it may be, in the order of the class."""
    about = _about_settings()
    hints = get_type_hints(Settings)
    return tuple(
        Switch(name, _text(value), _choices(hints[name]), about.get(name, ""))
        for name, value in settings.to_json().items()
    )


def about_interface(code: str) -> str:
    """Return in a few words what an interface is for."""
    if code not in SERVICES:
        return "what could not be read, or is no interface"
    first = (SERVICES[code].handler.__doc__ or "").strip().splitlines()[0]
    return first.removeprefix(f"{code}: ").rstrip(".")


def local_time(moment: datetime) -> str:
    """Return a moment as Kampala's clock shows it."""
    return kampala(moment).strftime("%d %b %Y, %H:%M:%S")


def said(text: str) -> str:
    """Return a description without the marks that documentation puts around names."""
    return text.replace("`", "")


def known_faults() -> Mapping[str, str]:
    """Return every fault with what it does."""
    return FAULTS


def magic_markers() -> tuple[magic.Marker, ...]:
    """Return every text that makes a reference magic."""
    return magic.MARKERS


def magic_tins() -> Mapping[str, str]:
    """Return every magic buyer TIN with the marker it stands for."""
    return magic.TIN_FAULTS


def _listed(rows: list[Owner] | list[Taxpayer] | list[Called] | list[Application] | list[Level]) -> Listed:
    return Listed(tuple(rows[:MOST_ROWS]), len(rows))


def _called(code: str, count: int) -> Called:
    return Called(code, count, about_interface(code))


def _newest(world: World, last: int) -> list[Document]:
    rows = world.ledger.page(max(0, last - MOST_ROWS), MOST_ROWS)
    found = (world.ledger.by_fdn(fdn) for _, _, _, fdn in reversed(rows))
    return [document for document in found if document is not None]


def _levels(world: World, taxpayers: list[Taxpayer]) -> list[Level]:
    levels = []
    for one in taxpayers:
        for goods in world.shelf.of(one.tin):
            for branch_id in one.branches or ("",):
                branch = branch_of(one, branch_id)
                if world.stock.stocked(goods, branch):
                    quantity = shown(world.stock.level(goods, branch))
                    levels.append(Level(one.tin, goods.code, goods.name, one.branches.get(branch_id, ""), quantity))
    return levels


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _choices(kind: object) -> tuple[str, ...]:
    if kind is bool:
        return ("true", "false")
    return tuple(str(choice) for choice in get_args(kind)) if get_origin(kind) is Literal else ()


def _about_settings() -> dict[str, str]:
    """Read what each setting does from the docstring of the class, which is the one place that says it."""
    about: dict[str, str] = {}
    name = ""
    _, _, attributes = (Settings.__doc__ or "").partition("Attributes:")
    for line in attributes.splitlines():
        words = line.strip()
        head, colon, rest = words.partition(": ")
        if colon and head in Settings.__dataclass_fields__:
            name, words = head, rest
            about[name] = ""
        if name and words:
            about[name] = f"{about[name]} {words}".strip()
    return about

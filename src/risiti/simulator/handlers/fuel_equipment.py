"""The equipment of a fuel station as T168 and T169 show it; ids are made from numbers and stay the same."""

import hashlib

from risiti.simulator.forecourt import Nozzle
from risiti.simulator.station_book import NOZZLE_STATUS, PRICE, PUMP_VERSION
from risiti.simulator.tanks import Tank
from risiti.simulator.world import World

CONTROLLER, ACQUISITION, GAUGE = "101", "102", "103"
"""Kinds of EDC devices."""

MAKER = "Nile Forecourt Works (fictitious)"
AVAILABLE, LOCKED = "1", "7"
"""States of a nozzle (T172)."""

_ENABLED = "101"
_YES, _NO = "101", "102"
_FIRST_VERSION = "1"


def equipment_id(kind: str, tin: str, number: str) -> str:
    """Return the authority's id of a piece of equipment, 18 digits."""
    digest = hashlib.sha256(f"{kind}\0{tin}\0{number}".encode("utf-8", "surrogatepass")).digest()
    return str(10**17 + int.from_bytes(digest[:8], "big") % (9 * 10**17))


def pumps_of(world: World, tin: str) -> dict[str, list[Nozzle]]:
    """Return the nozzles of a taxpayer by the pump they hang on."""
    pumps: dict[str, list[Nozzle]] = {}
    for nozzle in world.forecourt.of(tin):
        pumps.setdefault(nozzle.pump, []).append(nozzle)
    return pumps


def pump_row(world: World, tin: str, pump: str, nozzle: Nozzle) -> dict[str, str]:
    """Return a pump as T169 shows it; `nozzle` is any of its nozzles."""
    return _made("pump", tin, pump, nozzle.branch) | {
        "pumpNo": pump,
        "pumpSerialNumber": f"P-{pump}",
        "acquisitionEquipmentId": equipment_id("device", tin, nozzle.acquisition),
        "acquisitionEquipmentNo": nozzle.acquisition,
        "pumpVersion": version_of(world, tin, pump),
    }


def version_of(world: World, tin: str, pump: str) -> str:
    """Return the version of a pump, as T165 last told it."""
    return world.station_book.fact(tin, PUMP_VERSION, pump, _FIRST_VERSION)


def nozzle_row(world: World, tin: str, nozzle: Nozzle) -> dict[str, str]:
    """Return a nozzle as T169 shows it."""
    status = world.station_book.fact(tin, NOZZLE_STATUS, nozzle.number, AVAILABLE)
    return _made("nozzle", tin, nozzle.number, nozzle.branch) | {
        "nozzleNo": nozzle.number,
        "nozzleSerialNumber": f"N-{nozzle.number}",
        "tankId": equipment_id("tank", tin, nozzle.tank),
        "tankNo": nozzle.tank,
        "pumpId": equipment_id("pump", tin, nozzle.pump),
        "pumpNo": nozzle.pump,
        "acquisitionEquipmentId": equipment_id("device", tin, nozzle.acquisition),
        "acquisitionEquipmentNo": nozzle.acquisition,
        "aeChannelNo": nozzle.number,
        "lockedStatusCode": _YES if status == LOCKED else _NO,
    }


def tank_row(world: World, tin: str, number: str, tank: Tank | None, nozzle: Nozzle) -> dict[str, str]:
    """Return a tank as T169 shows it; one that no T131 knows holds nothing."""
    goods = tank.commodity_goods_id if tank else ""
    known = world.shelf.by_id(tin, goods) if goods else None
    return _made("tank", tin, number, nozzle.branch) | {
        "tankNo": number,
        "tankSerialNumber": f"T-{number}",
        "probeNo": "",
        "levelGaugId": equipment_id("device", tin, nozzle.gauge),
        "levelGaugNo": nozzle.gauge,
        "commodityGoodsId": goods,
        "presentPrice": world.station_book.fact(tin, PRICE, goods, known.text("unitPrice") if known else ""),
        "tankVersion": _FIRST_VERSION,
    }


def device_rows(tin: str, nozzles: list[Nozzle]) -> list[dict[str, str]]:
    """List controller, acquisition equipment and gauges of some nozzles, each once; all hang on the controller."""
    found: dict[str, dict[str, str]] = {}
    for nozzle in nozzles:
        parent = equipment_id("device", tin, nozzle.controller)
        parts = ((CONTROLLER, nozzle.controller, ""), (ACQUISITION, nozzle.acquisition, parent))
        for kind, number, above in (*parts, (GAUGE, nozzle.gauge, parent)):
            if number:
                found[number] = _made("device", tin, number, nozzle.branch) | {
                    "parentId": above,
                    "edcDeviceTypeCode": kind,
                    "edcDsn": number,
                }
    return list(found.values())


def _made(kind: str, tin: str, number: str, branch: str) -> dict[str, str]:
    return {
        "id": equipment_id(kind, tin, number),
        "branchId": branch,
        "enableStatusCode": _ENABLED,
        "manufacturerName": MAKER,
        "manufactureDateStr": "2024-01-01",
    }

"""A strict stand-in for URA's EFRIS: the same path, bytes and return codes, its own ledger, faults on demand."""

from risiti.simulator.app import PATH, create_simulator
from risiti.simulator.calls import ConnectionDropped
from risiti.simulator.faults import Fault, FaultPlan
from risiti.simulator.ledger import Document
from risiti.simulator.registry import Device, Taxpayer
from risiti.simulator.settings import Settings
from risiti.simulator.world import World

__all__ = [
    "PATH",
    "ConnectionDropped",
    "Device",
    "Document",
    "Fault",
    "FaultPlan",
    "Settings",
    "Taxpayer",
    "World",
    "create_simulator",
]

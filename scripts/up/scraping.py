"""What a Prometheus has to scrape here: `deploy/prometheus/prometheus.yml` with this machine's ports."""

from collections.abc import Iterable
from typing import Final

from scripts.up.deployed import replaced
from scripts.up.plan import FOLDER, ROOT, Plan

DEPLOYED: Final = ROOT / "deploy" / "prometheus" / "prometheus.yml"
FILE: Final = FOLDER / "prometheus.yml"
"""Written by `make up`: `prometheus --config.file var/up/prometheus.yml` watches the set."""
RULES: Final = DEPLOYED.with_name("risiti-alerts.yml")
APIS: Final = (8001, 8002)
WORKERS: Final = (9101, 9102)


def configuration(plan: Plan) -> str:
    """Return the deployed configuration for this machine.

    Raises:
        ValueError: it has changed, and what is to be replaced is not there.
    """
    return replaced(
        DEPLOYED,
        (_targets(APIS), _targets(plan.apis)),
        (_targets(WORKERS), _targets(plan.workers)),
        (f"- {RULES.name}", f"- {RULES}"),
    )


def _targets(ports: Iterable[int]) -> str:
    return "[" + ", ".join(f'"127.0.0.1:{port}"' for port in ports) + "]"

"""What Prometheus is told to scrape is what the units, the containers and `make up` open."""

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # its types are not among our pinned packages

from scripts.up import scraping
from scripts.up.plan import Plan

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = re.compile(r"^# .*systemctl enable --now (.*)$", re.MULTILINE)
HOST = "127.0.0.1:"


def ports_of(configuration: dict[str, Any]) -> dict[str, list[int]]:
    """Return the ports of this machine that are scraped, by kind of process."""
    (job,) = configuration["scrape_configs"]
    found = {}
    for group in job["static_configs"]:
        assert all(target.startswith(HOST) for target in group["targets"])
        found[group["labels"]["process"]] = [int(target.removeprefix(HOST)) for target in group["targets"]]
    return found


def deployed(name: str) -> Any:  # noqa: ANN401 - any YAML
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def instances_of(unit: str) -> tuple[str, list[str]]:
    """Return a template unit's text, and the instances that it proposes."""
    text = (DEPLOY / "systemd" / f"{unit}@.service").read_text(encoding="utf-8")
    (command,) = UNIT.findall(text)
    return text, [name.removeprefix(f"{unit}@") for name in command.split()]


def environment_of(unit: str, name: str) -> list[int]:
    text, instances = instances_of(unit)
    (value,) = re.findall(rf"^Environment={name}=(\S+)$", text, re.MULTILINE)
    return [int(value.replace("%i", instance)) for instance in instances]


def test_the_ports_of_the_units_are_those_that_are_scraped() -> None:
    scraped = ports_of(deployed("prometheus/prometheus.yml"))
    assert environment_of("risiti-api", "PORT") == scraped["api"]
    assert environment_of("risiti-worker", "WORKER_METRICS_PORT") == scraped["worker"]


def test_the_example_of_settings_leaves_out_what_each_unit_gives_its_own_process() -> None:
    """An EnvironmentFile wins over Environment=, in whichever order they stand."""
    example = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    assert re.findall(r"^(?:PORT|WORKER_METRICS_PORT)=", example, re.MULTILINE) == []
    assert "WORKER_METRICS_PORT" in example


def test_the_containers_open_what_is_scraped_to_their_own_network_and_to_nobody_else() -> None:
    services = deployed("compose.yaml")["services"]
    (job,) = deployed("prometheus/prometheus-compose.yml")["scrape_configs"]
    scraped = {name: group["port"] for group in job["dns_sd_configs"] for name in group["names"]}
    worker = services["worker"]["environment"]
    assert scraped == {"api": 8001, "worker": int(worker["WORKER_METRICS_PORT"])}
    assert worker["WORKER_METRICS_HOST"] == services["api"]["environment"]["HOST"] == "0.0.0.0"  # noqa: S104 - a container's
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]


def test_make_up_scrapes_its_own_ports_by_the_deployed_file() -> None:
    plan = Plan(https=1, http=2, postgres=3, valkey=4, simulator=5, apis=(18001, 18002), workers=(19101, 19102))
    written = yaml.safe_load(scraping.configuration(plan))
    assert ports_of(written) == {"api": [18001, 18002], "worker": [19101, 19102]}
    assert [Path(file).is_file() for file in written["rule_files"]] == [True]

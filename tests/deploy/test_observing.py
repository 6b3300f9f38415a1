"""The dashboard and the alert rules that are delivered: they load, and speak of metrics that there are."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are not among our pinned packages

from risiti.gateway.observability.metrics import Metrics

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "risiti.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((DEPLOY / "prometheus" / "risiti-alerts.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS = DASHBOARD["panels"]

NAME = re.compile(r"\b(?:risiti|process|python)_[a-z_]+\b|\bup\b")
STRING = re.compile(r'"[^"]*"')
WORDS = re.compile(r"[a-z_]+(?=\s*[({])|\b(?:by|on|and|le)\b")
OF_PROMETHEUS = frozenset({"up"})
"""Made by Prometheus itself for each target."""
COMMAND = re.compile(r"`risiti ([a-z]+)")


def exposed() -> frozenset[str]:
    """Return the names of all samples that `/metrics` can show."""
    metrics = Metrics("test")
    metrics.authority_answered("any", "answered", 0.1)
    metrics.end_request(method="GET", route="/", status=200, seconds=0.1, waited=0.1)
    names = set()
    for line in metrics.as_text().decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            names |= {name}
            if kind == "histogram":
                names |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return frozenset(names)


def expressions() -> Iterator[tuple[str, str]]:
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_expression_speaks_of_metrics_that_there_are(where: str, expression: str) -> None:
    named = set(NAME.findall(STRING.sub('""', expression)))
    assert named, f"{where} looks at nothing"
    assert named - OF_PROMETHEUS <= exposed(), where
    assert expression.count("(") == expression.count(")"), where
    assert expression.count("{") == expression.count("}"), where


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_it_means_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith(".")
    assert len(rule["annotations"]["action"]) > 20


def promtool(*arguments: str) -> str:
    """Run Prometheus' own checker; return what it says, and fail if it finds fault."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("NOT TESTED: no promtool on this machine (Debian: apt install prometheus)")
    ran = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-compose.yml"])
def test_prometheus_itself_takes_the_configuration_and_every_rule(name: str) -> None:
    shown = promtool("check", "config", str(DEPLOY / "prometheus" / name))
    assert f"{len(ALERTS)} rules found" in shown


def test_prometheus_itself_understands_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    asked = [target["expr"].replace("$__rate_interval", "5m") for panel in PANELS for target in panel["targets"]]
    rules = [{"record": f"dashboard:{number}", "expr": one} for number, one in enumerate(asked)]
    file = tmp_path / "dashboard.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    assert f"{len(asked)} rules found" in promtool("check", "rules", str(file))


def test_alerts_fire_when_they_should_and_not_because_callers_wished_to_wait() -> None:
    promtool("test", "rules", str(Path(__file__).with_name("alerts.yml")))


def test_alerts_and_panels_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in ALERTS]
    titles = [panel["title"] for panel in PANELS]
    assert (len(names), len(titles)) == (len(set(names)), len(set(titles)))
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_the_dashboard_asks_whichever_prometheus_it_is_given() -> None:
    assert [one["type"] for one in DASHBOARD["templating"]["list"]] == ["datasource"]
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}


def test_commands_that_alerts_name_exist() -> None:
    from risiti.cli import app  # noqa: PLC0415 - it loads every command

    known = {one.name for one in app.registered_commands} | {one.name for one in app.registered_groups}
    named = {name for rule in ALERTS for name in COMMAND.findall(rule["annotations"]["action"])}
    assert named <= known

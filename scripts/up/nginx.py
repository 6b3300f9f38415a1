"""nginx before the API processes: the site of `deploy/nginx/risiti.conf`, with this machine's ports and certificate."""

import grp
import os
import shutil
from pathlib import Path
from typing import Final

from risiti.cli.console import CommandError
from scripts.servers.programs import UNPRIVILEGED_USER, hand_over, may_enter, owner
from scripts.up import certificate
from scripts.up.deployed import lines, replaced
from scripts.up.plan import ROOT, Plan

SITE: Final = ROOT / "deploy" / "nginx" / "risiti.conf"
UPSTREAM: Final = SITE.with_name("upstream.conf")
PLACES: Final = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx")
CONNECTIONS_OF_ONE_ADDRESS: Final = 2_000
"""All callers of a trial have one address; the site as deployed allows far fewer."""

_MAIN: Final = """daemon off;
{user}worker_processes 2;
worker_rlimit_nofile 8192;
pid {home}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/octet-stream;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/upstream.conf;
    include {home}/site.conf;
}}
"""


def find() -> Path:
    """Return the program.

    Raises:
        CommandError: there is none; the message says how to install it.
    """
    found = shutil.which("nginx") or next((place for place in PLACES if Path(place).exists()), None)
    if found is None:
        raise CommandError(
            "nginx is not installed. On Debian and Ubuntu: apt-get install nginx-light "
            "(and `systemctl disable --now nginx` if its own service is not wanted). Or: make up ARGS=--without-nginx"
        )
    return Path(found)


def command(plan: Plan, home: Path) -> list[str]:
    """Write nginx's files for this machine; return its command line."""
    crt, key = certificate.ensure(home / "tls")
    (home / "upstream.conf").write_text(upstream(plan), encoding="utf-8")
    (home / "site.conf").write_text(site(plan, crt, key), encoding="utf-8")
    (home / "nginx.conf").write_text(_MAIN.format(user=_user(home), home=home), encoding="utf-8")
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (home / name).mkdir(exist_ok=True)
        hand_over(home / name)
    return [str(find()), "-p", str(home), "-c", str(home / "nginx.conf"), "-e", "stderr"]


def _user(home: Path) -> str:
    """Return the line that says who nginx's own workers run as; only root may choose."""
    if os.getuid() != 0:
        return ""
    if not may_enter(home):
        return "user root;\n"
    _, group = owner()
    return f"user {UNPRIVILEGED_USER} {grp.getgrgid(group).gr_name};\n"


def site(plan: Plan, crt: Path, key: Path) -> str:
    """Return the deployed site with this machine's addresses in it.

    Raises:
        ValueError: the site has changed, and a line that is to be replaced is not there.
    """
    return replaced(
        SITE,
        ("    listen 80;\n    listen [::]:80;\n", f"    listen 127.0.0.1:{plan.http};\n"),
        (lines("    listen {} ssl http2;", (443, "[::]:443")), f"    listen 127.0.0.1:{plan.https} ssl http2;"),
        ("https://$host$request_uri", f"https://$host:{plan.https}$request_uri"),
        ("/etc/ssl/risiti/certificate.pem", str(crt)),
        ("/etc/ssl/risiti/key.pem", str(key)),
        ("server_name risiti.example;", "server_name localhost 127.0.0.1;"),
        ("limit_conn risiti_address 64;", f"limit_conn risiti_address {CONNECTIONS_OF_ONE_ADDRESS};"),
    )


def upstream(plan: Plan) -> str:
    """Return the deployed list of API processes with this machine's in it; raises as `site`."""
    line = "    server 127.0.0.1:{} max_fails=0;"
    return replaced(UPSTREAM, (lines(line, (8001, 8002)), lines(line, plan.apis)))

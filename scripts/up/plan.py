"""Where everything of the set is: folders, ports and secrets, chosen at the first start and kept."""

import base64
import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from risiti.cli.console import CommandError
from risiti.cli.processes import free_port, port_is_free
from risiti.gateway.settings import Settings
from risiti.simulator import PATH
from scripts.servers.programs import may_enter

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "var" / "up"
APIS: Final = 2
WORKERS: Final = 2
HTTPS: Final = 8443
HTTP: Final = 8080
DATABASE: Final = "risiti"
OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class Plan:
    """Ports of 127.0.0.1; all but those of nginx are free ones that were taken at the first start."""

    https: int
    http: int
    postgres: int
    valkey: int
    simulator: int
    apis: tuple[int, ...]
    workers: tuple[int, ...] = ()
    """Where the workers show their metrics; none, if the set was chosen before they did."""

    @classmethod
    def read(cls, https: int | None = None, http: int | None = None) -> Self:
        """Return the plan of this checkout's set; a new one if there is none, or if nginx is to listen elsewhere.

        Raises:
            CommandError: a port that nginx is to listen on is taken.
        """
        kept = cls.kept()
        if kept is not None and kept.workers and https in (None, kept.https) and http in (None, kept.http):
            return kept
        chosen = {"https": https or (kept.https if kept else HTTPS), "http": http or (kept.http if kept else HTTP)}
        for name, port in chosen.items():
            if port != getattr(kept, name, None) and not port_is_free(port):
                raise CommandError(f"port {port} is taken; choose another one: make up ARGS=--{name}={port + 1}")
        plan = cls(
            **chosen,
            postgres=kept.postgres if kept else free_port(),
            valkey=kept.valkey if kept else free_port(),
            simulator=kept.simulator if kept else free_port(),
            apis=kept.apis if kept else _free_ports(APIS),
            workers=(kept.workers if kept else ()) or _free_ports(WORKERS),
        )
        FOLDER.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps(asdict(plan)), encoding="utf-8")
        return plan

    @classmethod
    def kept(cls) -> Self | None:
        """Return the plan of a set that was started before."""
        if not _file().exists():
            return None
        written = json.loads(_file().read_text(encoding="utf-8"))
        ports = {name: tuple(written.get(name, ())) for name in ("apis", "workers")}
        return cls(**{**written, **ports})

    @property
    def url(self) -> str:
        """Where callers find the gateway."""
        return f"https://localhost:{self.https}"

    @property
    def simulator_url(self) -> str:
        """Where the simulator is."""
        return f"http://127.0.0.1:{self.simulator}"

    def settings(self, database_url: str, redis_url: str) -> dict[str, str]:
        """Return the gateway's settings, as its environment has them."""
        return {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "EFRIS_TEST_URL": self.simulator_url + PATH,
            "RISITI_KEK": secret("kek", base64.b64encode(secrets.token_bytes(32)).decode()),
            "RISITI_ADMIN_TOKEN": secret("admin-token", secrets.token_urlsafe(32)),
            "TRUSTED_PROXIES": "127.0.0.1",
            "HOST": "127.0.0.1",
            "LOG_FORMAT": "json",
        }


def read_settings(given: dict[str, str]) -> Settings:
    """Read settings as the processes do, from the given text alone."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    return Settings(**{**defaults, **{name.lower(): value for name, value in given.items()}})


def secret(name: str, new: str) -> str:
    """Return a secret of the set; the new one if there is none yet."""
    folder = FOLDER / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / name
    if not file.exists():
        file.touch(OWNER_ONLY)
        file.write_text(new, encoding="ascii")
    return file.read_text(encoding="ascii")


def home_of(server: str) -> Path:
    """Return a server's folder: among the set's own, unless the server's user could not enter it there."""
    if may_enter(ROOT):
        home = FOLDER / server
    else:
        mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
        home = Path("/var/tmp") / f"risiti-up-{os.getuid()}-{mark}" / server  # noqa: S108 - the name is this checkout's
    home.mkdir(parents=True, exist_ok=True)
    return home


def _free_ports(number: int) -> tuple[int, ...]:
    return tuple(free_port() for _ in range(number))


def _file() -> Path:
    return FOLDER / "plan.json"

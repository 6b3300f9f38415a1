"""`make up` and `make down`: what is started can be told from everything else, and only that is ended."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from scripts.up import certificate
from scripts.up.daemons import Daemon

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    one = Daemon("sleeper", tmp_path, patience=20)
    yield one
    one.stop()


def test_what_was_started_runs_until_it_is_stopped(daemon: Daemon) -> None:
    daemon.start(SLEEPER, dict(os.environ))
    pid = daemon.pid
    assert pid is not None
    daemon.start(SLEEPER, dict(os.environ))
    assert daemon.pid == pid, "one that runs is not started again"
    assert Daemon("sleeper", daemon.folder).pid == pid, "the next command finds it again"
    assert daemon.stop()
    assert daemon.pid is None
    assert not daemon.stop()


def test_a_process_that_has_got_the_number_of_one_of_ours_is_left_alone(daemon: Daemon) -> None:
    (daemon.folder / "sleeper.pid").write_text(f"{os.getpid()} 1", encoding="ascii")
    assert daemon.pid is None
    assert not daemon.stop()


def test_one_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    deaf = Daemon("deaf", tmp_path, patience=0)
    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    deaf.start([sys.executable, "-c", program], dict(os.environ))
    while "deaf" not in deaf.log.read_text(encoding="utf-8"):
        assert deaf.pid is not None
    assert deaf.stop()


def test_the_certificate_is_made_once_and_renewed_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crt, key = certificate.ensure(tmp_path)
    first = crt.read_bytes()
    made = x509.load_pem_x509_certificate(first)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert made.not_valid_after_utc > datetime.now(UTC)
    assert key.stat().st_mode & 0o077 == 0
    assert certificate.ensure(tmp_path)[0].read_bytes() == first
    monkeypatch.setattr(certificate, "RENEW_DAYS", certificate.DAYS + 1)
    assert certificate.ensure(tmp_path)[0].read_bytes() != first

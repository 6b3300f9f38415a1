"""`risiti demo`, on a short day: it ends by itself with good books, a receipt, and no process left behind."""

import json
import re
import subprocess
import sys
from pathlib import Path

from risiti.cli.processes import free_port, port_is_free


def test_a_short_day_ends_with_agreeing_books_and_a_receipt(tmp_path: Path) -> None:
    port = free_port()
    folder = tmp_path / "demo"
    arguments = ["demo", "--exit", "--json", "--invoices", "20", "--port", str(port), "--folder", str(folder)]
    ended = subprocess.run(
        [sys.executable, "-m", "risiti.cli", *arguments], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    day = json.loads(ended.stdout)
    assert day["verdict"] == "lost 0  doubled 0"
    assert day["posted"] == 20
    assert [rejection["reference"] for rejection in day["rejected"]] == ["MSG-0014"]
    assert day["accepted"] == day["states"]["fiscalised"] == day["fiscal_numbers_at_authority"] == 19
    assert (folder / "receipt.pdf").read_bytes().startswith(b"%PDF-")
    assert port_is_free(port)
    assert secrets_in_logs(folder, ended.stdout + ended.stderr) == []


KEPT_SECRET = (
    re.compile(r"rst_(?:test|live)_[0-9A-Za-z]{8}_[0-9A-Za-z]+"),  # API keys
    re.compile(r"r[a-z]t_[0-9A-Za-z]{20,}"),  # tokens of people
    re.compile(r"-----BEGIN|MII[A-Za-z0-9+/]{20,}"),  # PEM, and PKCS#8, PKCS#12 and certificates in base64
    re.compile(r"308[0-9a-f]{5,}", re.IGNORECASE),  # the same in hexadecimal
    re.compile(r"(?i)bearer\s+(?!\*)\S+|password['\"]?\s*[:=]\s*['\"]?(?!\*)[^\s'\",}]+"),
)


def secrets_in_logs(folder: Path, said: str) -> list[str]:
    """Return what was logged or printed in a whole run and must not be: keys, tokens, passwords, key files."""
    known = [json.loads((folder / "showcase.json").read_text(encoding="utf-8"))["key"]]
    known += [(folder / "kek").read_text(encoding="utf-8").strip()]
    logs = sorted(folder.glob("*.log"))
    assert logs, "there is nothing to look at"
    texts = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in logs} | {"printed": said}
    assert "request.answered" in "".join(texts.values())
    found = [f"{name}: a secret of the run" for name, text in texts.items() for one in known if one in text]
    for name, text in texts.items():
        found += [f"{name}: {match.group()[:12]}..." for shape in KEPT_SECRET for match in shape.finditer(text)]
    return found


def test_a_secret_in_a_log_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "showcase.json").write_text(json.dumps({"key": "rst_test_abcdefgh_0123456789"}))
    (tmp_path / "kek").write_text("a-key-that-nobody-guesses")
    (tmp_path / "api.log").write_text("request.answered a-key-that-nobody-guesses\nAuthorization: Bearer abc\n")
    assert len(secrets_in_logs(tmp_path, "rst_test_abcdefgh_0123456789")) == 4

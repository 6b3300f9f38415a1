#!/bin/sh
# Proves that risiti.efris stands alone: installs the built package, without extras, into an empty environment with
# nothing but its own pinned requirements; imports it there, and checks a user's program against it.
# Needs the package index, as `make test` does at its first run. Usage: scripts/check_sdk.sh [PYTHON-WITH-DEV-TOOLS]
set -eu
cd "$(dirname "$0")/.."
PY=${1:-.venv/bin/python}
place=$(mktemp -d "${TMPDIR:-/tmp}/risiti-sdk.XXXXXX")
trap 'rm -rf "$place"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0
unset PYTHONPATH

echo "sdk: 1/4 an empty environment"
"$PY" -m venv "$place/venv"
inside="$place/venv/bin/python"

echo "sdk: 2/4 its requirements, each checked against its hash, and the package itself"
"$PY" scripts/sdk_lock.py >"$place/sdk.lock"
"$inside" -m pip install --quiet --require-hashes -r "$place/sdk.lock"
"$PY" -m pip wheel --quiet --no-deps --no-build-isolation --no-index -w "$place" .
"$inside" -m pip install --quiet --no-deps --no-index "$place"/risiti-*.whl
"$inside" -m pip check

echo "sdk: 3/4 import"
cd "$place"
"$inside" -W error - <<'PROGRAM'
import importlib.util
import sys

import risiti.efris

for name in ("alembic", "fastapi", "sqlalchemy", "starlette", "typer", "uvicorn"):
    if importlib.util.find_spec(name):
        sys.exit(f"{name} is installed: this environment proves nothing")
client = risiti.efris.Client(risiti.efris.enabler_url(port=9), risiti.efris.Credentials("1000000000", "1000000000_01"))
try:
    client.ready()
except risiti.efris.Unreachable as error:
    print(f"     {len(risiti.efris.INTERFACES)} interfaces, {len(risiti.efris.catalogue())} return codes; "
          f"a call to nobody: {type(error).__name__}")
else:
    sys.exit("a call to nobody was answered")
finally:
    client.close()
PROGRAM
cd - >/dev/null

echo "sdk: 4/4 a user's program, mypy --strict"
echo "[mypy]" >"$place/mypy.ini" # none of our settings: a user has his own
"$PY" -m mypy --strict --no-error-summary --config-file "$place/mypy.ini" --cache-dir "$place/mypy" \
    --python-executable "$inside" tests/efris/sample_user.py
echo "sdk: all good"

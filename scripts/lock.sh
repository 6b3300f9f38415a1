#!/bin/sh
# Writes requirements/*.lock from pyproject.toml: exact versions with hashes for every platform, no addresses,
# nothing younger than a week. Needs uv (`pip install uv`); nobody else does.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-uv}
command -v "$UV" >/dev/null || { echo "lock: uv is missing; 'pip install uv', or name it: make lock UV=/path/to/uv" >&2; exit 1; }

compile() {
    "$UV" pip compile pyproject.toml --extra simulator --extra server --extra postgres --extra redis --extra otel --extra profile --universal \
        --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --exclude-newer "${EXCLUDE_NEWER:-1 week}" --quiet "$@" >/dev/null
}

compile --group dev --output-file requirements/dev.lock
# The same versions at run time as in the tests.
compile --group build --constraints requirements/dev.lock --output-file requirements/run.lock

# The clients that `make conformance` tries: a group alone, without anything of ours.
"$UV" pip compile --group conformance --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --no-header --exclude-newer "${EXCLUDE_NEWER:-1 week}" --quiet \
    --output-file requirements/conformance.lock >/dev/null

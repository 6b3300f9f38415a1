# `make` or `make help` lists the targets. Needed on the machine: python3 (3.11 or newer), make, a package index.

PYTHON ?= python3
ARGS ?=
EXAMPLES ?=
T ?= tests
K ?=
JOBS ?= 2
SEEDS ?= 300
FROM ?= 1
DOCUMENTS ?= 5000
MODE ?=

VENV := .venv
RISITI := $(VENV)/bin/risiti
PY := $(VENV)/bin/python
# Set-up runs once, and again when the pinned packages change.
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo serve test test-ubl check fix docs bench simulate routes chaos contract up down conformance sdk-check lock setup clean

help: ## this list
	@echo "Risiti: invoices in, fiscal receipts out."
	@echo
	@awk -F ' ## ' '/^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Each target sets up what it needs. PYTHON=/path/to/python3 chooses the interpreter."

demo: $(RUN) ## send a shop's day through a faulty EFRIS, compare the books, stay up; ARGS=--exit ends instead
	@$(RISITI) demo $(ARGS)

serve: $(RUN) ## run the gateway on SQLite; ARGS="--help" shows the options
	@$(RISITI) serve $(ARGS)

# Compiled modules are written, whatever the environment says: the programs that tests start need not compile them again.
test: $(DEV) ## all tests; T=tests/efris narrows to a path, K="lost or doubled" to names
	@PYTHONDONTWRITEBYTECODE= RISITI_REQUIRE_POSTGRES=1 $(PY) -m pytest -n $(JOBS) --dist worksteal $(T) $(if $(K),-k "$(K)") $(ARGS)

test-ubl: $(DEV) ## every UBL file of a folder through the simulator, a row each; EXAMPLES=FOLDER, ARGS="--help"
	@$(PY) -m scripts.ubl $(EXAMPLES) $(ARGS)

.PHONY: fuzz-api
fuzz-api: $(DEV) ## Schemathesis against a running gateway, signed in, all checks; ARGS="--examples 100 --only company"
	@$(PY) -m scripts.fuzz_api $(ARGS)

check: $(DEV) ## all that needs no running: format, lint, types, import contracts, lock files, generated docs
	@echo "check: format";         $(PY) -m ruff format --check --quiet . || { $(PY) -m ruff format --diff --quiet . | head -40; echo "make fix mends it"; exit 1; }
	@echo "check: lint";           $(PY) -m ruff check --quiet .
	@echo "check: types";          $(PY) -m mypy --no-error-summary
	@echo "check: imports";        $(VENV)/bin/lint-imports --no-logo
	@echo "check: lock files";     $(PY) scripts/check_locks.py
	@echo "check: known holes";    $(PY) scripts/audit.py
	@echo "check: generated docs"; $(PY) scripts/generate_docs.py --check
	@echo "check: all good"

fix: $(DEV) ## format, mend what lint can mend, write the generated docs
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format --quiet .
	@$(PY) scripts/generate_docs.py

docs: $(DEV) ## write the generated parts of the documentation
	@$(PY) scripts/generate_docs.py

bench: $(DEV) ## benchmarks: ratios within one run, nothing asserted
	@$(PY) -m bench $(ARGS)

simulate: $(DEV) ## the engine in simulated time, everything failing; SEEDS=10000 FROM=1 MODE=safety JOBS=2, ARGS=--help
	@$(PY) -m proof --seeds $(SEEDS) --from $(FROM) $(if $(MODE),--mode $(MODE)) --jobs $(JOBS) $(ARGS)

routes: $(DEV) ## every route asked by every kind of caller; a table of the answers, and 1 if one is not as designed
	@$(PY) -m scripts.routes $(ARGS)

.PHONY: outage
outage: $(DEV) ## ten hours without the authority in simulated time, then 5,000 documents at once; DOCUMENTS=600
	@RISITI_OUTAGE_DOCUMENTS=$(DOCUMENTS) $(PY) -m pytest -q -s tests/gateway/submissions/test_outage.py $(ARGS)

chaos: $(DEV) ## 2,000 invoices while PostgreSQL, Redis, processes and lines fail; then compare the books; ARGS="--sqlite --documents 500"
	@$(PY) -m scripts.chaos $(ARGS)

contract: $(DEV) ## the twenty rows of the stability contract, each with its tests, on both databases; writes docs/contract.md
	@$(PY) -m scripts.contract --jobs $(JOBS) $(ARGS)

up: $(DEV) ## a production-like set on this machine: PostgreSQL, Valkey, nginx, 2 API, 2 workers, simulator; ARGS=--status
	@$(PY) -m scripts.up $(ARGS)

down: $(DEV) ## end what `make up` started; data stay, unless ARGS=--purge
	@$(PY) -m scripts.up --down $(ARGS)

conformance: $(DEV) ## EFRIS clients that others wrote, call by call against the simulator; ARGS=--json
	@$(PY) -m conformance $(ARGS)

sdk-check: $(DEV) ## risiti.efris alone: built, installed without extras, imported, a user's program checked
	@scripts/check_sdk.sh $(PY)

lock: ## choose and pin package versions anew (needs uv)
	@UV=$(UV) scripts/lock.sh

setup: $(DEV) ## only the set-up: .venv with everything in it
	@echo "ready: $(RISITI) --help"

clean: ## remove .venv and caches; data under var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src tests scripts bench conformance proof -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/run.lock
	@$(PYTHON) scripts/set_up.py run

$(DEV): requirements/dev.lock
	@$(PYTHON) scripts/set_up.py dev

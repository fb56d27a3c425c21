.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# The newest Python that the engine supports and that really runs; `make PYTHON=/path/to/python3.12 test` chooses another.
RUNS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	if $$python -c '$(RUNS)' >/dev/null 2>&1; then echo $$python; break; fi; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
UPGRADE ?=

# Where it is set, each of the hundreds of processes that tests start would compile all files anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup test coverage check chaos soak load demo docs bench lock clean

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed  ## make .venv from the lock files

# The workers share the cores, so that threads for the tables of one of them only cost time.
test: check  ## check, then run all tests
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal

coverage: setup  ## run all tests and tell which lines none of them reaches
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report=term

check: setup  ## style, types and the arrow of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

chaos: setup  ## kill the running engine two hundred times, and let it die at every boundary of two weeks
	KILLS=200 SPAN_DAYS=14 $(BIN)/python -m pytest -q -s tests/adapters/cli/test_kill.py tests/adapters/cli/test_boundaries.py

HOURS ?= 2
SOAK ?= runs/soak
soak: setup  ## trade for HOURS=2 with real processes, and watch for what grows; all of it is kept in SOAK=runs/soak
	$(BIN)/python -m benchmarks.soak --hours $(HOURS) --folder $(SOAK)

MINUTES ?= 10
LOAD ?= runs/load
load: setup  ## send 1,000 orders at once, then a hundred a second for MINUTES=10; all of it is kept in LOAD=runs/load
	$(BIN)/python -m benchmarks.load --minutes $(MINUTES) --folder $(LOAD)

demo: setup  ## let all engines trade for a minute on a made-up market
	$(BIN)/eternal demo

docs: setup  ## renew the parts of the documentation that are made from the code
	$(BIN)/python docs/generate

SETS ?= 20
bench: setup  ## measure side by side with others, and search over SETS=20 sets of values
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m benchmarks.peers --search $(SETS)

# The lock files come from pyproject.toml. After a change there: `make lock`, which keeps every pin that still fits.
# To raise the pins: `make lock UPGRADE=--upgrade`, or `UPGRADE="--upgrade-package polars"` for one. Commit the result.
# requirements.lock is what a developer has, -build.lock what builds from source need, -runtime.lock what a user has.
lock:  ## renew the lock files from pyproject.toml
	@test -n '$(PYTHON)' || { echo 'Needs Python 3.11 to 3.14 on the PATH, or PYTHON=/path/to/it.' >&2; exit 1; }
	@set -eu; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; \
	$(PYTHON) -m venv "$$tool"; "$$tool/bin/python" -m pip install --quiet --quiet 'uv>=0.9'; \
	compile() { "$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url $(UPGRADE) "$$@"; }; \
	compile --extra dev --group build --output-file requirements.lock pyproject.toml; \
	compile --constraints requirements.lock --group build --output-file requirements-build.lock; \
	compile --constraints requirements.lock --output-file requirements-runtime.lock pyproject.toml

clean:  ## remove .venv and everything else that can be made again
	rm -rf .venv .peers dist .coverage .coverage.* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: requirements-build.lock requirements.lock pyproject.toml
	@test -n '$(PYTHON)' || { echo 'Needs Python 3.11 to 3.14 on the PATH, or PYTHON=/path/to/it.' >&2; exit 1; }
	@echo 'Setting up .venv with $(PYTHON) …'
	@$(BIN)/python -c '$(RUNS)' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes --requirement requirements-build.lock
	@$(PIP) --require-hashes --no-build-isolation --use-pep517 --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

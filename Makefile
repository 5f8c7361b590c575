# Every target sets up what it needs; nothing is installed by hand.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.stamp-$(shell cat requirements/dev.lock pyproject.toml | sha256sum | cut -c1-12)
COMPILED := .venv-compiled
COMPILED_STAMP := $(COMPILED)/.stamp-$(shell find src tools/compiled_wheel.py requirements/dev.lock pyproject.toml -type f ! -name '*.pyc' | sort | xargs cat | sha256sum | cut -c1-12)
# The interpreter of the distribution, which is built with all optimizations, where there is one.
COMPILED_PYTHON ?= $(if $(wildcard /usr/include/python3.*/Python.h),/usr/bin/python3,python3)
TABLES_VENV := .venv-tables
TABLES_PY := $(TABLES_VENV)/bin/python
TABLES_STAMP := $(TABLES_VENV)/.stamp-$(shell cat requirements/tables.lock tools/tables/package-lock.json 2>/dev/null | sha256sum | cut -c1-12)
JOBS := $(shell nproc 2>/dev/null || echo 2)
PYTEST := $(PY) -m pytest -n $(JOBS)
CHECKS := check-format check-lint check-types check-layers check-house tables-check

export PIP_NO_INPUT = 1
.DEFAULT_GOAL := help
.PHONY: help setup run tour services services-down wheel test test-compiled test-long check $(CHECKS) format bench tables docs lock changelog clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(STAMP) ## make the virtual environment and install everything, pinned

$(STAMP): requirements/dev.lock pyproject.toml
	@echo "Setting up $(VENV) (once; a minute or two)"
	@tools/venv.sh $(VENV) requirements/dev.lock --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.stamp-*; touch $@

$(TABLES_STAMP): requirements/tables.lock $(wildcard tools/tables/package-lock.json)
	@echo "Setting up $(TABLES_VENV), the sources of the generated tables"
	@tools/venv.sh $(TABLES_VENV) requirements/tables.lock
	@command -v npm >/dev/null || { echo "npm is needed for the HL7 tables: apt install npm" >&2; exit 1; }
	@if [ -f tools/tables/package-lock.json ]; then npm ci --prefix tools/tables --silent --no-audit --no-fund --ignore-scripts; fi
	@rm -f $(TABLES_VENV)/.stamp-*; touch $@

run: setup ## start the node with sample studies loaded, and print its addresses; Ctrl-C stops it
	$(VENV)/bin/chiasm up --data out/node --samples

tour: setup ## the crossing: real DICOM files become HL7 messages and come back, in out/tour
	$(VENV)/bin/chiasm tour --out out/tour

services: ## install and start PostgreSQL and an S3-compatible server for the tests that want them
	tools/services/up.sh

services-down: ## stop them
	tools/services/down.sh

wheel: setup ## the package with its hot modules compiled, in dist/; a C compiler is needed
	CHIASM_COMPILED=1 $(PY) -m pip wheel --quiet --no-deps --no-build-isolation -w dist .

$(COMPILED_STAMP):
	@command -v cc >/dev/null || { echo "a C compiler is needed: apt install gcc python3-dev" >&2; exit 1; }
	@echo "Setting up $(COMPILED), with the hot modules compiled (a minute or two)"
	@PYTHON=$(COMPILED_PYTHON) CHIASM_COMPILED=1 tools/venv.sh $(COMPILED) requirements/dev.lock --no-deps --no-build-isolation --force-reinstall .
	@rm -f $(COMPILED)/.stamp-*; touch $@

test: setup ## every test but the long ones
	$(PYTEST)

test-compiled: $(COMPILED_STAMP) ## the tests of the rooms that have compiled modules, on the compiled wheel
	@$(COMPILED)/bin/python -c 'from chiasm.dicom import scan; assert not scan.__file__.endswith(".py")'
	$(COMPILED)/bin/python -m pytest -n $(JOBS) tests/protocols tests/dicom tests/net tests/services tests/store tests/fuzz

test-long: setup ## every test, the long fault and fuzz runs too, with thousands of examples each
	HYPOTHESIS_PROFILE=long $(PYTEST) -m ""

check: setup $(TABLES_STAMP) ## format, lint, types, layers, house rules, tables; all are run, then the result
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j$(JOBS) $(CHECKS)
	@echo "check: all passed"

check-format: setup
	$(VENV)/bin/ruff format --check --quiet src tools bench tests || { $(VENV)/bin/ruff format --check src tools bench tests; exit 1; }

check-lint: setup
	$(VENV)/bin/ruff check --quiet --output-format concise src tools bench tests

check-types: setup
	$(VENV)/bin/mypy --no-error-summary

check-layers: setup
	$(VENV)/bin/lint-imports

check-house: setup
	$(PY) tools/house

tables-check: $(TABLES_STAMP) ## regenerate the tables from their pinned sources and compare
	$(TABLES_PY) tools/tables --check

tables: $(TABLES_STAMP) ## regenerate the tables in src/chiasm/standards/data
	$(TABLES_PY) tools/tables

format: setup ## let ruff format and fix what it can
	$(VENV)/bin/ruff check --quiet --fix src tools bench tests || true
	$(VENV)/bin/ruff format src tools bench tests

bench: $(COMPILED_STAMP) ## measure the compiled package against the peers; writes docs/benchmarks.md
	$(COMPILED)/bin/python bench

docs: setup ## write the library reference to out/docs, and check the links and examples of the guides
	$(PY) tools/reference.py --out out/docs
	$(PY) -m pytest tests/docs

lock: ## compile the lock files anew from pyproject.toml and requirements/*.in
	tools/lock.sh

changelog: setup ## fold changelog.d into CHANGELOG.md: make changelog VERSION=1.2.3
	$(PY) tools/house --release $(VERSION)

clean: ## remove environments, caches and output
	rm -rf $(VENV) $(COMPILED) $(TABLES_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf tools/tables/node_modules out build dist
	find src tools bench tests -name __pycache__ -type d -prune -exec rm -rf {} +

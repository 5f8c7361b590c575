# Every target sets up what it needs; nothing is installed by hand.
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.stamp-$(shell cat requirements/dev.lock pyproject.toml | sha256sum | cut -c1-12)
TABLES_VENV := .venv-tables
TABLES_STAMP := $(TABLES_VENV)/.stamp-$(shell cat requirements/tables.lock tools/tables/package-lock.json 2>/dev/null | sha256sum | cut -c1-12)

.PHONY: setup run test test-long check bench tables tables-check docs lock clean
setup: $(STAMP)

$(STAMP): requirements/dev.lock pyproject.toml
	python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.stamp-*; touch $@

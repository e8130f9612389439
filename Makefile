# Two commands matter: `make demo` and `make test`. Each does its own set-up from a bare Python 3.11.
# The first Python that is new enough; another one: make PYTHON=/path/to/python3
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000
SPEED ?= 1
BIN := .venv/bin

.PHONY: demo test coverage lint format install messages charts sbom screens clean

demo: .venv/.installed messages charts
	@AZOTEA_PORT=$(PORT) AZOTEA_CLOCK_SPEED=$(SPEED) exec $(BIN)/python -m config.supervisor

test: .venv/.installed-dev messages charts
	@CHROMIUM_PATH="$$(sh tests/browser/chromium.sh $(BIN))" && export CHROMIUM_PATH && \
	exec $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# The same tests, and which lines none of them reaches; it takes half as long again.
coverage:
	@$(MAKE) test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive config community metering market manage.py
	$(BIN)/mypy config community metering market
	$(BIN)/lint-imports
	$(BIN)/djade --check $$(git ls-files 'templates/*.html')
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -qq -p no:tests.servers -o addopts=--import-mode=importlib tests/architecture/test_catalogue.py

format: .venv/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade $$(git ls-files 'templates/*.html')

install: .venv/.installed messages charts

# Pictures of the main pages of a demo that is running, into docs/screens; at night: make screens DAY=2026-11-24
screens: .venv/.installed-dev
	@CHROMIUM_PATH="$$(sh tests/browser/chromium.sh $(BIN))" && export CHROMIUM_PATH && \
	$(BIN)/python tests/browser/screens.py $(or $(URL),http://127.0.0.1:$(PORT)) $(DAY)

# What the site runs on, as CycloneDX: from the pinned list alone, so no network is needed.
sbom: .venv/.installed-dev
	@$(BIN)/cyclonedx-py requirements requirements.txt --output-reproducible --of JSON -o azotea.cdx.json

# The charts' library, fetched once through npm and never committed; without it pages keep their plain pictures.
charts: | .venv/bin/python
	@sh config/charts.sh $(BIN)

# The languages beside English, compiled in pure Python: no gettext tools are needed.
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))
messages: $(CATALOGUES)

locale/%/LC_MESSAGES/django.mo: locale/%/LC_MESSAGES/django.po | .venv/.installed
	@$(BIN)/pybabel --quiet compile --domain django --directory locale --locale $*

.venv/bin/python:
	@test -n "$(PYTHON)" || \
		{ echo "Azotea needs Python 3.11 or newer with venv and pip (on Debian: apt-get install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	@echo "Installing Azotea's dependencies (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@

clean:
	rm -rf .azotea .venv staticfiles static/vendor

# Two commands matter: `make demo` and `make test`. Each does its own set-up from a bare Python 3.11.
# The first Python that is new enough; another one: make PYTHON=/path/to/python3
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000
SPEED ?= 1
BIN := .venv/bin

.PHONY: demo test lint format install messages clean

demo: .venv/.installed messages
	@AZOTEA_PORT=$(PORT) AZOTEA_CLOCK_SPEED=$(SPEED) exec $(BIN)/python -m config.supervisor

test: .venv/.installed-dev messages
	@CHROMIUM_PATH="$$(sh tests/browser/chromium.sh $(BIN))" && export CHROMIUM_PATH && \
	exec $(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy config community metering market
	$(BIN)/lint-imports
	$(BIN)/djade --check $$(git ls-files 'templates/*.html')
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -qq -p no:tests.servers -o addopts=--import-mode=importlib tests/architecture/test_catalogue.py

format: .venv/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade $$(git ls-files 'templates/*.html')

install: .venv/.installed messages

# Spanish and English texts, compiled in pure Python: no gettext tools are needed.
messages: locale/es/LC_MESSAGES/django.mo

locale/es/LC_MESSAGES/django.mo: locale/es/LC_MESSAGES/django.po | .venv/.installed
	@$(BIN)/pybabel --quiet compile --domain django --directory locale

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
	rm -rf .azotea .venv staticfiles

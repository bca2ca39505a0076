# One command each: `make chat`, `make test`. Everything lands in .venv and data/, and repeats are quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Each process that a test starts would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

.DEFAULT_GOAL := help
.PHONY: help install chat test chromium postgresql check eval format wheel clean

help:
	@echo "make chat     set up, read seeds/, open the chat on 127.0.0.1"
	@echo "make install  set up and read seeds/, without the chat"
	@echo "make test     set up and run all tests"
	@echo "make check    lint and type-check"
	@echo "make eval     the batch evaluation over the development questions"

# uv unpacks all packages in a quarter of the time that pip takes, on every core. It does not read pip's
# settings: behind an index of one's own, where it finds nothing, pip is asked.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV := $(BIN)/uv --quiet --system-certs pip install --python $(BIN)/python --constraint constraints.txt
INSTALL = printf '%s' "installing $(1)"; \
  { $(PIP) install --constraint constraints.txt uv && $(UV) $(2); } 2>$(VENV)/uv.log || { \
    printf '%s' ", with pip, since uv says: $$(grep -v '^ *$$' $(VENV)/uv.log | tail -1)"; \
    $(PIP) install --no-compile --constraint constraints.txt $(2); }; \
  echo ": done"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Paperfolk needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "a virtual environment cannot be made with $(PYTHON); on Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/runtime: pyproject.toml constraints.txt | $(BIN)/python
	@$(call INSTALL,the packages into $(VENV) (1.2 GB),--editable .)
	@touch $@

$(VENV)/development: pyproject.toml constraints.txt | $(BIN)/python
	@$(call INSTALL,the packages and what the tests need into $(VENV) (1.3 GB),--editable '.[dev]')
	@touch $(VENV)/runtime $@

install: $(VENV)/runtime
	@$(BIN)/paperfolk models fetch
	@$(BIN)/paperfolk ingest

# Ctrl-C ends the chat with status 0.
chat: $(VENV)/runtime
	@$(BIN)/paperfolk ui --ingest

# The browser's tests need Chromium, those of a shared library PostgreSQL: taken from Debian where
# that may be done, else left out with a word, except in CI, where nothing is left out. Chromium's
# headless shell is installed sooner and draws no window around each page.
HAS_CHROMIUM := command -v chromium-headless-shell chromium chromium-browser google-chrome >/dev/null
HAS_POSTGRESQL := { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1
BRING = $(2) || { \
	  if command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then \
	    echo "installing $(1) for the tests"; \
	    SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	    { $$SUDO apt-get update -qq && for package in $(1) $(3); do \
	      $$SUDO env DEBIAN_FRONTEND=noninteractive \
	        apt-get install -y -qq --no-install-recommends $$package >/dev/null && break; \
	    done; } || test -z "$${CI:-}"; \
	  elif [ -n "$${CI:-}" ]; then \
	    echo "$(1) is missing and cannot be installed here; install it first (Debian: apt-get install $(1))" >&2; exit 1; \
	  fi; }

chromium:
	@$(call BRING,chromium-headless-shell,$(HAS_CHROMIUM),chromium)

postgresql:
	@$(call BRING,postgresql,$(HAS_POSTGRESQL))

# Four processes for two cores: the journeys in a browser, and tests of processes that are killed or
# of servers that do not answer, mostly wait. Whoever takes the journeys waits until the browser is there.
SHARED_OUT := --numprocesses 4 --dist loadfile --no-loadscope-reorder

# Thousands of small databases are made and dropped, each of which waits for the disk: they lie in memory
# where four gigabytes are free there and programs may be started from it.
IN_MEMORY := awk '$$2 == "/dev/shm" && $$4 !~ /noexec/ { found = 1 } END { exit !found }' /proc/mounts 2>/dev/null && \
  df -Pk /dev/shm | awk 'NR == 2 && $$4 > 4000000 { found = 1 } END { exit !found }'

test: $(VENV)/development postgresql
	@$(BIN)/paperfolk --data data models fetch
	@only=""; $(HAS_POSTGRESQL) || { only="not postgresql"; \
	  echo "the tests over PostgreSQL are left out: install it (Debian: apt-get install postgresql) to run them"; }; \
	if $(IN_MEMORY); then export TMPDIR=/dev/shm; fi; \
	export TESTS_SHARE=$$(mktemp -d); chmod 1777 "$$TESTS_SHARE"; export TMPDIR="$$TESTS_SHARE"; trap 'rm -rf "$$TESTS_SHARE"' EXIT; \
	touch "$$TESTS_SHARE/browser-is-brought"; \
	{ $(MAKE) --no-print-directory chromium || true; rm "$$TESTS_SHARE/browser-is-brought"; } & \
	status=0; $(BIN)/python -m pytest $(SHARED_OUT) $${only:+-m "$$only"} $(ARGS) || status=$$?; \
	wait; exit $$status

check: $(VENV)/development
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $${CI:+--cache-dir=/dev/null}

eval: $(VENV)/development install
	@$(BIN)/python -m eval $(ARGS)

format: $(VENV)/development
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

wheel: $(VENV)/development
	@$(BIN)/python -m build --wheel --no-isolation

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis artefacts

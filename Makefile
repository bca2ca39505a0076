# One command each: `make chat`, `make test`. Everything lands in .venv and data/, and repeats are quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install chat test check format eval clean

help:
	@echo "make chat     set up, ingest seeds/ if needed, open the chat on 127.0.0.1"
	@echo "make install  set up and ingest, without the chat"
	@echo "make test     set up and run all tests"
	@echo "make check    lint and type-check"
	@echo "make eval     the batch evaluation over the development questions"

$(VENV)/runtime: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Paperfolk needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the packages into $(VENV); this takes a minute or two and says nothing meanwhile"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/development: $(VENV)/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

install: $(VENV)/runtime
	$(BIN)/paperfolk models fetch
	$(BIN)/paperfolk ingest

# Status 1: some of the documents were named as unreadable; the rest can be asked about.
chat: $(VENV)/runtime
	$(BIN)/paperfolk models fetch
	$(BIN)/paperfolk ingest || test $$? -eq 1
	$(BIN)/paperfolk ui

test: $(VENV)/development
	$(BIN)/paperfolk --data data models fetch
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

eval: $(VENV)/development install
	$(BIN)/python -m eval $(ARGS)

format: $(VENV)/development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis artefacts

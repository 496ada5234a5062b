# Bare `make` prints what there is.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: help setup test soak real lint types check bench docs pictures golden

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/smscli: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -e '.[test,lint]'
	@touch $@

setup: $(BIN)/smscli  ## a virtual environment with everything

test: setup  ## the fast tests
	$(BIN)/pytest -n auto

soak: setup  ## hundreds of kills and faults (minutes)
	$(BIN)/pytest -n auto -m soak

real: setup  ## against Kannel itself (apt-get install kannel kannel-extras)
	$(BIN)/pytest -n auto -m real

lint: setup  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup  ## mypy, strict
	$(BIN)/mypy

check: lint types test  ## what has to pass before a commit

docs: setup  ## write what is made from the program: docs/, the examples, the JSON Schemas
	$(BIN)/python -m tools.docs
	$(BIN)/python -m tools.examples

pictures: setup  ## write docs/preview.svg and docs/send.svg
	$(BIN)/python -m tools.pictures

golden: setup  ## write expected screens and reports of damaged lists anew; read the diff before you commit it
	$(BIN)/python -m tests.golden.refresh
	$(BIN)/python -m tests.files.damaged_lists

bench: setup  ## ratios: start-up, list to plan, sent log, plan to settlement (quiet machine, please)
	$(BIN)/python -m benches.startup
	$(BIN)/python -m benches.intake
	$(BIN)/python -m benches.sentlog
	$(BIN)/python -m benches.dispatch
	$(BIN)/python -m benches.pace

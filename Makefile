# The commands of this project. `make help` lists them.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check bench format clean

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(VENV)/samples ## set up and run the sample notebooks as pipelines
	$(BIN)/python tools/demo.py

test: $(VENV)/tests ## set up and run all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: $(VENV)/tests ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/tests ## measure, side by side with papermill, as ratios
	$(BIN)/python -m benchmarks

format: $(VENV)/tests ## rewrite the layout of the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what the other commands made
	rm -rf $(VENV) demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/samples: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[samples]'
	touch $@

$(VENV)/tests: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	touch $@ $(VENV)/samples

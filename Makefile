# The commands of this project. `make help` lists them.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
JOBS ?= 3

.DEFAULT_GOAL := help
# The thousands of processes that the tests start would compile nb2pipe each for itself.
unexport PYTHONDONTWRITEBYTECODE
TORCH_VENV ?= .venv-torch
LAB_VENV ?= .venv-lab
PEERS_VENV ?= .venv-peers
KALE_VENV ?= .venv-kale
KEDRO_VENV ?= .venv-kedro
PREFECT_VENV ?= .venv-prefect
ZENML_VENV ?= .venv-zenml

LAB := $(CURDIR)/$(LAB_VENV)/bin

.PHONY: help demo test test-torch test-lab environment-torch environment-lab wheel check bench format clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 26

demo: $(VENV)/samples ## set up and run the sample notebooks as pipelines
	$(BIN)/python tools/demo.py

test: $(VENV)/tests ## set up and run all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-torch: $(TORCH_VENV)/tests ## set up and run the tests that need torch and XGBoost
	$(TORCH_VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal -m torch tests/analysis/known tests/execute

test-lab: $(LAB_VENV)/front-end ## set up and test the JupyterLab extension: lint, types, units, routes, and in a browser; needs Node
	cd extension && PATH=$(LAB):$$PATH jlpm lint
	cd extension && PATH=$(LAB):$$PATH jlpm test
	$(LAB)/python -m pytest -n $(JOBS) --dist worksteal -p pytest_jupyter.jupyter_server -m lab -W default tests/server
	PATH=$(LAB):$$PATH $(LAB)/python -m pytest -m lab tests/lab

environment-torch: $(TORCH_VENV)/tests ## set up what test-torch needs

environment-lab: $(LAB_VENV)/front-end ## set up what test-lab needs

wheel: $(LAB_VENV)/lab ## build the sdist and the wheel, with the front end, to dist; needs Node
	PATH=$(LAB):$$PATH env HATCH_BUILD_HOOK_ENABLE_JUPYTER-BUILDER=1 $(LAB)/python -m build --no-isolation --sdist
	$(LAB)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist dist/nb2pipe-*.tar.gz

check: $(VENV)/tests ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/tests $(PEERS_VENV)/peers $(KALE_VENV)/kale $(KEDRO_VENV)/kedro $(PREFECT_VENV)/prefect $(ZENML_VENV)/zenml ## measure, side by side with papermill, marimo, Kale, Kedro, Prefect, ZenML, as ratios
	PEERS_BIN=$(CURDIR)/$(PEERS_VENV)/bin:$(CURDIR)/$(KALE_VENV)/bin:$(CURDIR)/$(KEDRO_VENV)/bin:$(CURDIR)/$(PREFECT_VENV)/bin:$(CURDIR)/$(ZENML_VENV)/bin $(BIN)/python -m benchmarks

format: $(VENV)/tests ## rewrite the layout of the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what the other commands made
	rm -rf $(LAB_VENV) extension/node_modules extension/.yarn extension/lib nb2pipe/labextension dist
	rm -rf $(VENV) $(TORCH_VENV) $(PEERS_VENV) $(KALE_VENV) $(KEDRO_VENV) $(PREFECT_VENV) $(ZENML_VENV) demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/samples: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[samples]'
	touch $@

$(VENV)/tests: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	touch $@ $(VENV)/samples

# Beside what is in $(VENV), which is not installed twice. The small wheel where an index has it. XGBoost's own wheel asks
# for a GPU's library that it does not need here.
$(TORCH_VENV)/tests: $(VENV)/tests
	$(PYTHON) -m venv $(TORCH_VENV)
	echo "import site; site.addsitedir('$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')')" \
	> "$$($(TORCH_VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tests.pth"
	$(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt 'torch==2.13.0+cpu' \
	|| $(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(TORCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps xgboost
	touch $@

# JupyterLab of the version that the front end is built for, what builds it, and what drives a browser.
$(LAB_VENV)/lab: pyproject.toml constraints-lab.txt
	$(PYTHON) -m venv $(LAB_VENV)
	$(LAB)/python -m pip install --quiet --disable-pip-version-check -c constraints-lab.txt -e '.[lab,test-lab]'
	command -v chromium >/dev/null || { apt-get update -qq && apt-get install -qq --no-install-recommends chromium fonts-dejavu-core; }
	touch $@

$(LAB_VENV)/front-end: $(LAB_VENV)/lab $(shell find extension/src extension/style extension/schema -type f) extension/package.json extension/yarn.lock
	cd extension && PATH=$(LAB):$$PATH jlpm install --immutable
	cd extension && PATH=$(LAB):$$PATH jlpm build:prod
	$(LAB)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

# What `make bench` is measured beside.
$(PEERS_VENV)/peers:
	$(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check marimo soorgeon
	touch $@

# pip looks for minutes for versions that suit all three: Kale has an environment of its own.
$(KALE_VENV)/kale:
	$(PYTHON) -m venv $(KALE_VENV)
	$(KALE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check kubeflow-kale
	touch $@

# Its pins need not suit those of the others.
$(KEDRO_VENV)/kedro:
	$(PYTHON) -m venv $(KEDRO_VENV)
	$(KEDRO_VENV)/bin/python -m pip install --quiet --disable-pip-version-check kedro
	touch $@

$(PREFECT_VENV)/prefect:
	$(PYTHON) -m venv $(PREFECT_VENV)
	$(PREFECT_VENV)/bin/python -m pip install --quiet --disable-pip-version-check prefect
	touch $@

$(ZENML_VENV)/zenml:
	$(PYTHON) -m venv $(ZENML_VENV)
	$(ZENML_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'zenml[local]'
	touch $@

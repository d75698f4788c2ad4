# Every target does its own set-up, into .venv/.
SHELL := /bin/bash
PYTHON ?= python3
PIP = .venv/bin/python -m pip install --disable-pip-version-check --quiet

PLUGIN_SOURCES := $(shell find plugin/java/src plugin/java/pom.xml -type f)
PLUGIN_BUILT = plugin/java/target/.built
AUDITED = .venv/bin/python -m tests.advisories constraints.txt $(if $(AUDIT),--$(AUDIT))

.PHONY: help demo plugin setup test test-all test-federated lint coverage docs audit sbom bench clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

.venv/python: 
	@command -v $(PYTHON) >/dev/null || { echo "missing: Python 3.11 or newer (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "missing: Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "missing: the venv module of $(PYTHON) (Debian: apt-get install python3-venv)"; exit 1; }
	@touch $@

.venv/core: .venv/python pyproject.toml constraints.txt
	@echo "installing hybridrank into .venv/"
	@$(PIP) -c constraints.txt -e . && touch $@

.venv/all: .venv/python pyproject.toml constraints.txt
	@echo "installing hybridrank with the training and development extras into .venv/ (several GB)"
	@$(PIP) -c constraints.txt -e '.[train,clip,video,private-suggestions,postgres,redis,dev,docs]' && touch $@ .venv/core

demo: .venv/core ## index the sample catalogue and serve it on http://127.0.0.1:8000 (PORT=8001: there)
	@exec .venv/bin/hybridrank demo $(if $(PORT),--port $(PORT))

plugin: $(PLUGIN_BUILT) ## build the OpenSearch plugin and run its tests: plugin/java/target/hybridrank-*.zip

$(PLUGIN_BUILT): $(PLUGIN_SOURCES)
	@command -v mvn >/dev/null || { echo "missing: Maven (Debian: apt-get install maven)"; exit 1; }
	@command -v javac >/dev/null || { echo "missing: a JDK 17 or 21 (Debian: apt-get install openjdk-17-jdk-headless)"; exit 1; }
	@mvn --batch-mode --no-transfer-progress --file plugin/java/pom.xml package
	@touch $@

setup: .venv/all ## install everything, training extras included

# Each process of the tests has an engine of its own; a given one is for one process alone.
TEST_PROCESSES ?= $(if $(OPENSEARCH_URL),0,2)

test: .venv/all $(PLUGIN_BUILT) ## the tests, with a real OpenSearch (at most 15 minutes)
	@.venv/bin/python -m tests.needs engine browser
	@.venv/bin/python -m pytest -m "not slow" --numprocesses $(TEST_PROCESSES) --dist loadfile

test-all: .venv/all $(PLUGIN_BUILT) ## every test, the slow ones included
	@.venv/bin/python -m pytest

.venv-federated/all: pyproject.toml constraints.txt constraints-federated.txt
	@command -v $(PYTHON) >/dev/null || { echo "missing: Python 3.11 or newer (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -m venv .venv-federated
	@grep -v -i -E '^(packaging|protobuf|rich|typer|virtualenv|pre.commit|bandit|semgrep)==' constraints.txt | cat - constraints-federated.txt > .venv-federated/constraints.txt
	@echo "installing hybridrank with the federated extra into .venv-federated/ (several GB)"
	@.venv-federated/bin/python -m pip install --disable-pip-version-check --quiet -c .venv-federated/constraints.txt -e '.[train,federated]' httpx hypothesis pytest pytest-timeout && touch $@

test-federated: .venv-federated/all ## the tests of federated training, in an environment of its own
	@.venv-federated/bin/python -m pytest tests/federated

lint: .venv/all ## ruff, mypy, the import contract, bandit, pip-audit (see audit)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/bandit --quiet --severity-level medium --recursive service personal indexer plugin ranker multimodal clients --exclude plugin/java
	@$(AUDITED)

coverage: .venv/all $(PLUGIN_BUILT) ## which lines the tests run, in htmlcov/
	@.venv/bin/python -m pytest -m "not slow" --cov --cov-report=html --cov-report=term:skip-covered

docs: .venv/all ## the documents as a site, in site/
	@NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --clean && echo "site/index.html"

bench: .venv/all ## side-by-side measurements
	@.venv/bin/python -m benchmarks

audit: .venv/all ## known weaknesses of what is pinned, by PyPI's advisories; AUDIT=required fails where these cannot be reached
	@$(AUDITED)

sbom: .venv/all ## a bill of materials (CycloneDX): sbom.json
	@.venv/bin/cyclonedx-py environment .venv/bin/python --output-format JSON --output-file sbom.json && echo sbom.json

clean: ## remove what was installed here
	rm -rf .venv .venv-federated build *.egg-info

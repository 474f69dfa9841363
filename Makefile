# The few commands. `make up` and `make test` set up what they need; `make help` lists all.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
STACK ?= dev
VENV := .venv
RUN := $(VENV)/bin/python
ENV := . .slipway/env &&
# Container images often set it; every process of the engine and of the tests would then compile all it imports again.
unexport PYTHONDONTWRITEBYTECODE
# A cluster on this machine goes with all that is in it: that it does not run, after a restart for instance, is no obstacle.
FORGET = $(if $(shell grep -sE '^ *(slipway:cluster: *[{] *)?type: *(rehearsal|kind)' Pulumi.$(STACK).yaml),PULUMI_K8S_DELETE_UNREACHABLE=true)

.PHONY: help local setup up down preview doctor check fix test snapshot bench

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.users: requirements.txt
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Python packages from requirements.txt"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.developers: requirements.txt requirements-dev.txt $(VENV)/.users
	@echo "Python packages from requirements-dev.txt"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.users ## engine, Kubernetes, provider plugins: found, downloaded or built, once per version
	@$(RUN) -m rehearsal.toolchain setup

# What needs it asks no question, and the passphrase of .slipway/env is public.
local:
	@grep -qsE 'type: (rehearsal|kind)\b' Pulumi.$(STACK).yaml || { echo "stack $(STACK) is not on a local cluster: \
	use pulumi itself, in a shell that has not read .slipway/env, with your own backend and passphrase" >&2; exit 1; }

up: local setup ## everything of stack dev, from nothing to served models
	@$(ENV) pulumi stack select --create $(STACK) >/dev/null && pulumi up --stack $(STACK) --yes --skip-preview

down: local setup ## removes everything `make up` made, but the cached toolchain
	@$(ENV) pulumi stack select --create $(STACK) >/dev/null && $(FORGET) pulumi destroy --stack $(STACK) --yes --skip-preview

preview: local setup ## what `make up` would change
	@$(ENV) pulumi stack select --create $(STACK) >/dev/null && pulumi preview --stack $(STACK) --diff

doctor: $(VENV)/.users ## what is there, which version, from where, what is wrong and how to mend it
	@$(RUN) -m rehearsal.toolchain doctor

check: $(VENV)/.developers ## format, lint, types, architecture: what a commit must pass, in seconds
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/pyright
	@$(VENV)/bin/pytest -q tests/architecture

fix: $(VENV)/.developers ## formats and mends what ruff can mend
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format .

# Four processes on two cores: tests of the engine and of clusters wait half of their time.
test: $(VENV)/.users check .slipway/test-tools/.tried ## lint, types and all four levels of tests
	@$(RUN) -m rehearsal.toolchain setup --with registry
	@$(ENV) PATH="$(CURDIR)/.slipway/test-tools:$$PATH" pytest tests --numprocesses 4 --dist loadfile

# promtool judges the alert rules; without it those tests are skipped, and say so.
.slipway/test-tools/.tried:
	@mkdir -p $(@D) && touch $@
	@command -v promtool >/dev/null || { cd $(@D) && unpack=$$(mktemp -d) && cd $$unpack && \
	  { apt-get download prometheus >/dev/null 2>&1 || { apt-get update && apt-get download prometheus; } >/dev/null 2>&1; } && \
	  dpkg -x prometheus_*.deb . && mv usr/bin/promtool "$(CURDIR)/$(@D)/"; } || \
	  echo "promtool is not to be had here (Debian package prometheus): the tests of alert rules are skipped"

snapshot: $(VENV)/.developers ## accepts what the renderers and programs give now; read the diff before you commit
	@PYTHONPATH=. $(RUN) tests/stacks/test_reports.py
	@$(VENV)/bin/pytest -q tests/program --snapshot-update

bench: setup $(VENV)/.developers ## times previews on the real engine, with and without the start-up measures
	@$(ENV) python benchmarks/preview.py

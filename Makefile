# Everything runs from one virtual environment, made from the committed uv.lock.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
# dlt and dbt pin much of what we do not, so they live apart.
RIVALS := .venv-rivals

export UV_PROJECT_ENVIRONMENT := $(VENV)
# Else every process compiles what it imports, for good where PYTHONDONTWRITEBYTECODE is set: a run would take twice as long.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE

.PHONY: env demo up test check coverage lint bench scale chaos generate clean
env: $(STAMP)

$(STAMP): pyproject.toml uv.lock
	@command -v python3 >/dev/null || { echo "make: python3 is missing: apt-get install python3 python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || python3 -m venv $(VENV) || { rm -rf $(VENV); echo "make: python3 cannot make a virtual environment: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'
	$(BIN)/uv sync --frozen --inexact --all-extras
	@touch $@

demo: env
	$(BIN)/standings demo

up: env
	@$(BIN)/python infra/up.py

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# A file to a process, in the order in which tests/conftest.py puts them: three for two cores, since one of them waits
# for Prefect's server most of the time. Polars has one thread in each: what is tried is small.
PYTEST := POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: lint
	$(PYTEST)

check: lint
	$(PYTEST) -n 2 -m "not slow" --hypothesis-profile few

# For every night and before a release: each property is tried on all of its examples, `make test` tries a third.
coverage: env
	$(PYTEST) --cov --cov-report=term --hypothesis-profile all

bench: env $(RIVALS)/.synced
	$(BIN)/python -m tests.benchmarks.pipeline
	$(BIN)/python -m tests.benchmarks.engines 52 520

scale: env
	$(BIN)/python -m tests.benchmarks.scale

$(RIVALS)/.synced: tests/benchmarks/rivals/requirements.txt
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(RIVALS)
	$(BIN)/uv pip install --quiet --python $(RIVALS)/bin/python --requirement $<
	@touch $@

chaos: env
	$(BIN)/python -m tests.chaos

generate: env
	$(BIN)/python infra/generate.py

clean:
	rm -rf $(VENV) $(RIVALS) demo-lake .chaos

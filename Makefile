# Two commands set everything up: `make demo` and `make test`. Each makes its own .venv; neither needs Go or a compiler.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all check lint bench clean

demo: ## builds, runs and analyses a small Go service; writes goknot-demo.html
	@$(PYTHON) scripts/make_venv.py demo
	@$(BIN)/goknot demo

test: ## runs the tests
	@$(PYTHON) scripts/make_venv.py dev
	@$(BIN)/python -m pytest -n auto -m "not slow"

test-all: ## the tests and the slow matrix
	@$(PYTHON) scripts/make_venv.py dev
	@$(BIN)/python -m pytest -n auto

lint:
	@$(PYTHON) scripts/make_venv.py dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## what CI runs

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .hypothesis

# The project's commands; `make` alone lists them. Only Python >= 3.11 with venv is needed: each command makes the
# environment first, and spends no time on it when it is there. PYTHON=python3.12 picks the interpreter.

PYTHON ?=
VENV ?= .venv
BIN = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup report test test-fast lint lab bench lock clean

help: ## この一覧を表示する
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## 環境(.venv)を用意する(ほかのコマンドも最初に自動で行う)
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tools/setup.sh

report: setup ## 全章を実行し、reports/index.html を作る
	@$(BIN)/kaigo report

test: setup ## すべての検査(ノートブックの再実行を含む)
	@$(BIN)/python -m pytest -n auto --dist loadfile --nbval --ignore-glob='tests/*.ipynb' tests notebooks

test-fast: setup ## 数分で終わる検査だけ
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not notebooks" tests

lint: setup ## 書式・型・階層・長さの検査だけ
	@$(BIN)/python -m pytest -q tests/project/test_lint.py tests/project/test_source_tree.py

lab: setup ## JupyterLab で手引きを開く
	@$(BIN)/kaigo lab

bench: setup ## 性能を測る
	@$(BIN)/python benchmarks/run.py
	@$(BIN)/python benchmarks/risk.py

# UPGRADE=1 takes the newest versions; without it only what pyproject.toml asks for changes.
lock: setup ## requirements.lock を作り直す(UPGRADE=1 で最新版へ)
	@$(BIN)/pip install -qq --no-build-isolation -e '.[lock]'
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | \
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml - --extra dev \
		--universal --python-version 3.11 --fork-strategy fewest --only-binary :all: --no-binary pyspark-client \
		--generate-hashes --no-emit-index-url --quiet $(if $(UPGRADE),--upgrade) --output-file requirements.lock

clean: ## 環境・キャッシュ・作成した報告書を消す(データはそのまま)
	@rm -rf .venv data/synthetic/cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis src/kaigo.egg-info
	@[ ! -d reports ] || find reports -mindepth 1 ! -name README.md -delete
	@find src tests -name __pycache__ -prune -exec rm -rf {} +

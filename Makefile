# DETR Lab: few verbs. `make` lists them. Every verb sets up what it needs in .venv by itself; nothing is global.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# Two OpenMP threads that wait for each other cost more than the work; every verb runs its processes with one.
export OMP_NUM_THREADS ?= 1
# Jupyter wants to be told that root, the only user of many a container, is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# Two workers, a file each at a time, in the order that tests/conftest.py says.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
COMPILE := $(BIN)/uv pip compile --quiet --no-header --no-annotate
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help lab hand-in demo check test exercise build release grade term formgrade mutants bench train lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv (once; about 3 GB, minutes on a slow line) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

lab: $(READY)  ## open the course in JupyterLab
	$(BIN)/jupyter lab $(AS_ROOT) notebooks/start.ipynb

hand-in: $(READY)  ## check and pack your homework (FOLDER=notebooks/ASSIGNMENT)
	@$(BIN)/coursework hand-in $(FOLDER)

demo: $(READY) build  ## the main job without a screen: detect, draw attention, grade three students
	$(BIN)/python -m tools.demo

check: $(READY)  ## lint, types and the fast tests, in about two minutes
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/oxlint --quiet
	@$(BIN)/mypy
	@$(PYTEST) -m fast

test: $(READY) build  ## all tests
	@$(PYTEST)

exercise: $(READY)  ## a new exercise's step, to fill in (NAME=corners IN=solutions/ASSIGNMENT/NOTEBOOK)
	@$(BIN)/python -m autograder exercise "$(NAME)" "$(IN)"

build: $(READY)  ## students' notebooks from solutions/
	@$(BIN)/python -m autograder build

mutants: $(READY)  ## does each check notice small changes of its solution? What is new is run, in 20 minutes at most
	@$(BIN)/python -m autograder prove solutions --mutants

release: $(READY) build  ## the zip to hand out to students, in dist/ (ASSIGNMENT=02_transformer)
	@$(BIN)/python -m autograder release $(ASSIGNMENT)

grade: $(READY) build  ## the sample class of thirty: grade, feedback, export, class report
	@$(BIN)/python -m tools.grade_class

term: $(READY) build  ## a whole term of a class of forty, as docs/instructor.md tells it, in build/term/
	@$(BIN)/python -m tools.term

formgrade: $(READY)  ## nbgrader's formgrader in the browser, for the written answers in grading/
	@mkdir -p grading
	$(BIN)/jupyter server $(AS_ROOT) --ServerApp.default_url=/formgrader --ServerApp.open_browser=True

bench: $(READY) build  ## every performance figure, as a table and in build/bench.json
	$(BIN)/python -m bench

train: $(READY)  ## re-train the shipped models (some hours on 2 free cores)
	$(BIN)/detrlab train shapes
	$(BIN)/detrlab train shapes_plain
	$(BIN)/detrlab train shapes_panoptic
	$(BIN)/detrlab train clip
	$(BIN)/detrlab train dino
	$(BIN)/python -m tools.dino_runs train
	$(BIN)/python -m tools.dino_runs write
	$(BIN)/python -m tools.train_short train
	$(BIN)/python -m tools.clip_runs train
	$(BIN)/python -m tools.clip_runs write

lock: $(READY)  ## pin today's newest versions: what runs (for students, too), and what tests
	$(COMPILE) --upgrade pyproject.toml -o requirements.lock
	$(COMPILE) --upgrade --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove what was built and the environment (never your work, marks or checkpoints)
	rm -rf build .venv

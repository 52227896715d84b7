# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
#
#   make demo [BAG=path] [BUNDLE=path] [OUTPUT=folder]
#                                          masks over events that crossed a live ROS 2 graph
#   make test                              all tests, and the coverage of the rooms on a vehicle
#   make test ARGS='-k name'               some of them
#   make test JOBS=8                       on more processors than two
#   make bundle-SYSTEM [OUTPUT=folder]     a bundle of cmess, sartm, refsam or goodsam, trained on simulated
#                                          data; a rerun goes on where it was interrupted
#   make fuzz [SECONDS=60]                 noise and damage for everything that reads bytes
#   make lint                              ruff and mypy
#   make clean                             remove what the builds and runs left, except .venv

PYTHON ?= python3
VENV ?= .venv
OUTPUT ?= demo_output
SECONDS ?= 60
JOBS ?= 2
SHELL := /bin/bash
export PYTHON VENV

# The guard variable of another wheel environment would hide this one's libraries.
run = unset _ROS_WHEELS_BOOTSTRAP_COMPLETE; . $(VENV)/ros_env.sh; \
	ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST $(VENV)/bin/python
recipe = tools/platform.sh constraints.txt $(wildcard tools/requirements/*.txt) \
	$(wildcard interfaces/event_camera_msgs/*.* interfaces/event_camera_msgs/msg/*)
live = test/nodes test/commands
compiled = test/events $(patsubst %,test/inference/test_%.py,activity letterbox overlaps)
covered = --cov --cov-report= --cov-fail-under=0
test_recipe = $(wildcard test/interfaces/*/*.* test/interfaces/*/msg/*)

systems = bundle-cmess bundle-sartm bundle-refsam bundle-goodsam

.PHONY: demo test fuzz lint clean $(systems)

demo: $(VENV)/ready-demo
	@$(run) -m eventsam_ros demo $(if $(BAG),--bag '$(BAG)') \
		$(if $(BUNDLE),--bundle '$(BUNDLE)') --output '$(OUTPUT)'

test: $(VENV)/ready-test
ifeq ($(strip $(ARGS)),)
	@rm -f .coverage .coverage.*
	@# One thread for each of the processes that share the machine.
	@export OMP_NUM_THREADS=1; $(run) -m pytest -n $(JOBS) --dist loadfile $(live:%=--ignore=%) $(covered)
	@# Real graphs with deadlines have the machine to themselves.
	@$(run) -m pytest $(live) --cov-append $(covered)
	@# Lines of compiled kernels are seen where they run as Python.
	@export NUMBA_DISABLE_JIT=1; $(run) -m pytest -q -n $(JOBS) --dist loadfile \
		$(compiled) --cov-append $(covered)
	@for room in events inference nodes; do \
		$(run) -m coverage report --include="eventsam_ros/$$room/*" || exit 1; done
else
	@$(run) -m pytest $(ARGS)
endif

$(systems): $(VENV)/ready-test
$(systems): OUTPUT = runs/bundles/$(@:bundle-%=%)
$(systems): recipes = training/recipes

bundle-cmess:
	$(run) -m training cmess data $(recipes)/cmess_streets.yaml
	$(run) -m training cmess stage1 $(recipes)/cmess_streets.yaml
	$(run) -m training cmess stage2 $(recipes)/cmess_streets.yaml
	$(run) -m training cmess stage3 $(recipes)/cmess_streets.yaml
	$(run) -m training cmess export $(recipes)/cmess_streets.yaml --output '$(OUTPUT)'

bundle-sartm:
	$(run) -m training sartm scenes --output runs/streets --train 2000 --width 320 --height 240
	$(run) -m training sartm fit $(recipes)/sartm_compact.yaml
	$(run) -m training sartm export runs/sartm_compact --output '$(OUTPUT)'

pictures = --set frames=1 --set batch=8 --set network.track=none --set 'leave_out=[motion, start, event, behind]'
bundle-refsam:
	$(run) -m training refsam clips --output runs/refsam_clips --train 4000 --width 192 --height 144
	$(run) -m training refsam fit $(recipes)/refsam_compact.yaml --run runs/refsam_words \
		$(pictures) --set network.answers=likeness --set 'loss={dice: 1, focal: 0, contrast: 1}'
	$(run) -m training refsam fit $(recipes)/refsam_compact.yaml --run runs/refsam_pictures \
		$(pictures) --set network.start=runs/refsam_words/best.pt
	$(run) -m training refsam fit $(recipes)/refsam_compact.yaml --run runs/refsam_compact \
		--set network.start=runs/refsam_pictures/best.pt
	$(run) -m training refsam export runs/refsam_compact --output '$(OUTPUT)'

bundle-goodsam:
	$(run) -m training goodsam study $(recipes)/goodsam_study.yaml --arm '+ all' --seed 0
	$(run) -m training goodsam export $(recipes)/goodsam_study.yaml --stage student_all \
		--run runs/goodsam_study/seed_0/masks_of_a_small_network --output '$(OUTPUT)'

fuzz: $(VENV)/ready-test
	@export PYTHONPATH=. RUST_BACKTRACE=0 NUMBA_BOUNDSCHECK=1 \
		NUMBA_CACHE_DIR=.pytest_cache/d/bounds_checked_kernels; \
		$(run) test/fuzz --seconds $(SECONDS)

lint: $(VENV)/ready-test
	@$(run) -m ruff check .
	@$(run) -m mypy

clean:
	rm -rf .coverage .coverage.* build install log demo_output .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(VENV)/ready-demo: $(recipe)
	@tools/platform.sh demo

$(VENV)/ready-test: $(recipe) $(test_recipe)
	@tools/platform.sh test

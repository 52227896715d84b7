# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How long packets may wait, which windows are taken, and what is said of it."""

from __future__ import annotations

from itertools import pairwise
import time

import pytest

from eventsam_ros.nodes import budget as budgets
from eventsam_ros.nodes.budget import Budget
from eventsam_ros.nodes.parameters import PARAMETERS
from eventsam_ros.nodes.shedding import advice

MS = 1_000_000
SETTINGS = {p.name: p.default for p in PARAMETERS}


class Clock:
    """A steady clock that is set by hand."""

    def __init__(self, monkeypatch):
        self.ns = 10**12
        monkeypatch.setattr(budgets, 'time', self)

    def monotonic(self):
        return self.ns / 1e9

    def monotonic_ns(self):
        return self.ns

    def go(self, ms):
        self.ns += round(ms * MS)


@pytest.fixture
def clock(monkeypatch):
    """Return the clock of budgets."""
    return Clock(monkeypatch)


def segment(budget, clock, before_ms, inside_ms, busy_ms):
    """Segment a window that was formed a while after its packet came."""
    arrived = clock.ns
    clock.go(before_ms)
    formed = clock.ns
    clock.go(inside_ms - busy_ms)
    begun = clock.ns
    clock.go(busy_ms)
    budget.measured(arrived, formed, begun)


def test_packets_may_wait_for_a_part_of_what_the_slowest_window_leaves_of_the_budget(clock):
    budget = Budget({**SETTINGS, 'overload.budget_ms': 400.0})
    assert budget.wait_ms() == pytest.approx(60)  # a window is taken to need half of it
    for inside in (100, 150, 120):
        segment(budget, clock, 30, inside, 90)
    clock.go(1000)
    assert budget.wait_ms() == pytest.approx(0.3 * (400 - 150))
    assert budget.taken_ms.percentiles()['p50'] == pytest.approx(150)  # 130, 180, 150
    for _ in range(100):
        segment(budget, clock, 30, 40, 40)
    clock.go(1000)
    assert budget.wait_ms() == pytest.approx(0.3 * 360)


def test_a_network_slower_than_the_budget_does_not_end_decoding(clock):
    budget = Budget({**SETTINGS, 'overload.budget_ms': 400.0})
    segment(budget, clock, 0, 900, 900)
    clock.go(1000)
    assert budget.wait_ms() == pytest.approx(200)


def test_what_is_left_of_the_budget_is_never_too_little_to_decode(clock):
    budget = Budget({**SETTINGS, 'overload.budget_ms': 400.0})
    segment(budget, clock, 0, 390, 390)
    clock.go(1000)
    assert budget.wait_ms() == pytest.approx(40)


@pytest.mark.parametrize('policy', ['newest', 'thin'])
def test_other_policies_take_every_window(policy):
    budget = Budget({**SETTINGS, 'overload.policy': policy, 'overload.every_nth': 3})
    assert all(budget.admits() for _ in range(20))


def test_a_fixed_step_is_kept_whatever_the_machine_could_do(clock):
    budget = Budget({**SETTINGS, 'overload.policy': 'every_nth', 'overload.every_nth': 4})
    taken = []
    for _ in range(40):
        clock.go(50)
        taken.append(budget.admits())
    assert taken == [False, False, False, True] * 10


@pytest.mark.parametrize(('busy_ms', 'step'), [(10, 1), (44, 1), (60, 2), (130, 3), (230, 6)])
def test_the_step_becomes_the_least_that_the_network_keeps_up_with(clock, busy_ms, step):
    # Windows come every 50 ms, and 10 % are left to spare.
    budget = Budget({**SETTINGS, 'overload.policy': 'every_nth'})
    taken = []
    for _ in range(300):
        clock.go(50)
        taken.append(budget.admits())
        if taken[-1]:
            arrived = clock.ns
            budget.measured(arrived, arrived, arrived - busy_ms * MS)
    tail = taken[-60:]
    assert sum(tail) == 60 // step
    places = [k for k, t in enumerate(tail) if t]
    assert {b - a for a, b in pairwise(places)} == {step}  # an even pace


def test_the_step_falls_when_there_is_room_again(clock):
    budget = Budget({**SETTINGS, 'overload.policy': 'every_nth'})
    for busy_ms, step in ((230, 6), (20, 1)):
        for _ in range(1500):
            clock.go(50)
            if budget.admits():
                budget.measured(clock.ns, clock.ns, clock.ns - busy_ms * MS)
        assert budget.measures()['overload.step'] == str(step)


def test_a_silence_does_not_change_the_step(clock):
    budget = Budget({**SETTINGS, 'overload.policy': 'every_nth'})
    for k in range(400):
        clock.go(3_600_000 if k == 300 else 50)
        if budget.admits():
            budget.measured(clock.ns, clock.ns, clock.ns - 130 * MS)
    assert budget.measures()['overload.step'] == '3'


def test_the_steady_clock_is_the_one_of_the_machine():
    budget = Budget(SETTINGS)
    now = time.monotonic_ns()
    budget.measured(now - 100 * MS, now - 50 * MS, now - 20 * MS)
    assert 100 <= budget.taken_ms.percentiles()['p50'] < 1000
    assert 50 <= budget.inside_ms() < 1000


@pytest.mark.parametrize(('drops', 'inside_ms', 'settings', 'text'), [
    ({}, 400, {}, ''),
    ({'packets_shed': 3}, 100, {}, '3 packets shed; lower the event rate'),
    ({'packets_shed': 3}, 400, {}, 'takes up to 400 ms of overload.budget_ms 500'),
    ({'windows_superseded': 9}, 100, {}, ''),
    ({'windows_superseded': 11}, 100, {}, '11 of 21 windows left out'),
    ({'windows_skipped_nth': 30}, 100, {}, '30 of 40 windows left out'),
    ({'windows_skipped_nth': 30}, 100, {'overload.every_nth': 4}, ''),
    ({'events_thinned': 499}, 100, {}, ''),
    ({'events_thinned': 501}, 100, {}, '501 of 1000 events thinned'),
])
def test_the_operator_is_told_what_to_do(drops, inside_ms, settings, text):
    told = advice({**SETTINGS, **settings}, drops, masks=10, events=1000, inside_ms=inside_ms)
    assert told.startswith('overload: ') if text else told == ''
    assert text in told

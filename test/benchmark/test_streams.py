# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The events that everything is measured with."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from eventsam_ros.benchmark.decoding import cut
from eventsam_ros.benchmark.packets import packets
from eventsam_ros.benchmark.streams import HEIGHT, RUN, WIDTH, dense, scene

PERIOD_NS = 20_000_000


@pytest.fixture(scope='module')
def shown():
    return scene(13, 2, PERIOD_NS)


def test_a_seed_is_a_scene(shown):
    again = scene(13, 2, PERIOD_NS)
    assert [p.t.tolist() for p in again.parts] == [p.t.tolist() for p in shown.parts]


def test_packets_are_5_ms_of_whole_microseconds(shown):
    for part in shown.parts:
        assert len(part) > 0
        assert part.t[-1] - part.t[0] < 5_000_000
        assert not (part.t % 1000).any()
        assert (np.diff(part.t) >= 0).all()


def test_the_windows_that_were_asked_for_are_complete(shown):
    windows = cut('evt3', packets('evt3', shown.parts, WIDTH, HEIGHT), PERIOD_NS)
    assert len(windows) == shown.windows


def test_the_rate_is_events_over_the_time_from_first_to_last(shown):
    passed_ns = shown.parts[-1].t[-1] - shown.parts[0].t[0]
    count = sum(len(part.t) for part in shown.parts)
    assert shown.rate == pytest.approx(count / passed_ns * 1e3, rel=0.03)


def test_the_dense_stream_is_the_scene_spread_over_neighbours(shown):
    wanted = Counter()
    for part in shown.parts:
        for x, y, p, t in zip(part.x.tolist(), part.y.tolist(), part.p.tolist(), part.t.tolist(),
                              strict=True):
            for k in range(RUN):
                if x + k < WIDTH:
                    wanted[x + k, y, p, t] += 1
    found = Counter()
    for part in dense(shown).parts:
        found.update(zip(part.x.tolist(), part.y.tolist(), part.p.tolist(), part.t.tolist(),
                         strict=True))
    assert found == wanted

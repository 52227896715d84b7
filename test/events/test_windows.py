# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows: which events come together, against plain loops, and what time may do meanwhile."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.events import Events, Triggers, arrivals
from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows, TriggerWindows

MS = 1_000_000
SECOND = 1000 * MS


def events_at(times, first=0):
    """Return events at the given times; x numbers them."""
    count = len(times)
    return Events(
        np.arange(first, first + count).astype(np.uint16), np.zeros(count, np.uint16),
        np.ones(count, np.uint8), np.array(times, np.int64))


def in_packets(events, cuts):
    bounds = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    return [events[a:b] for a, b in pairwise(bounds)]


def push_all(policy, events, cuts=()):
    return [window for part in in_packets(events, cuts) for window in policy.push(part)]


def summary(windows):
    return [(w.t_start, w.t_end, w.events.x.tolist()) for w in windows]


def test_periods_follow_each_other_from_the_first_event():
    policy = PeriodWindows(10 * MS, 64, 48)
    times = [5 * MS, 14 * MS, 15 * MS - 1, 15 * MS, 36 * MS]
    windows = push_all(policy, events_at(times))
    assert summary(windows) == [
        (5 * MS, 15 * MS, [0, 1, 2]), (15 * MS, 25 * MS, [3]), (25 * MS, 35 * MS, [])]
    assert {(w.width, w.height) for w in windows} == {(64, 48)}
    assert policy.counters['windows'] == 3


def test_small_step_back_stays_in_the_window_in_which_it_arrived():
    times = [0, 9 * MS, 10 * MS + 1, 10 * MS - 3000, 20 * MS]
    assert summary(push_all(PeriodWindows(10 * MS, 4, 4), events_at(times), cuts=[3])) == [
        (0, 10 * MS, [0, 1]), (10 * MS, 20 * MS, [2, 3])]


def test_long_silence_is_skipped_and_counted():
    policy = PeriodWindows(10 * MS, 4, 4)
    windows = push_all(policy, events_at([0, 3600 * SECOND + 4 * MS, 3600 * SECOND + 20 * MS]))
    assert summary(windows) == [
        (0, 10 * MS, [0]), (3600 * SECOND, 3600 * SECOND + 10 * MS, [1]),
        (3600 * SECOND + 10 * MS, 3600 * SECOND + 20 * MS, [])]
    assert policy.counters['windows_skipped'] == 359_999


def test_jump_back_starts_anew_and_is_counted():
    policy = PeriodWindows(10 * MS, 4, 4)
    times = [50 * SECOND, 50 * SECOND + MS, 7 * MS, 8 * MS, 17 * MS]
    for cuts in ([], [2], [3]):
        before = policy.counters
        assert summary(push_all(policy, events_at(times), cuts)) == [(7 * MS, 17 * MS, [2, 3])]
        assert policy.counters['jumps_back'] == before['jumps_back'] + 1
        assert policy.counters['events_dropped'] == before['events_dropped'] + 2
        policy.reset()
        assert policy.counters['events_dropped'] == before['events_dropped'] + 3


def test_times_since_the_epoch_stay_exact():
    start = 1_767_225_600_123_456_789
    windows = push_all(PeriodWindows(MS, 4, 4), events_at([start, start + MS - 1, start + MS]))
    assert summary(windows) == [(start, start + MS, [0, 1])]


STEPS = st.lists(
    st.sampled_from([0, 0, 1000, 3000, -2000, 400_000, 3 * MS, 300 * MS, 3 * SECOND]),
    max_size=80)
CUTS = st.sets(st.integers(0, 80), max_size=5)


@settings(deadline=None, max_examples=150)
@given(steps=STEPS, cuts=CUTS)
def test_periods_match_a_plain_loop(steps, cuts):
    period = 2 * MS
    # The last step confirms a jump just before it.
    events = events_at(SECOND + np.cumsum([*steps, 2 * MS]).astype(np.int64))
    expected, waiting, start, newest = [], [], None, None
    for index, t in enumerate(events.t.tolist()):
        start = t if start is None else start
        newest = t if newest is None else max(newest, t)
        while newest >= start + period:
            if waiting or newest - start <= SECOND:
                expected.append((start, start + period, waiting))
                waiting, start = [], start + period
            else:
                start += (newest - start) // period * period
        waiting.append(index)
    assert summary(push_all(PeriodWindows(period, 4, 4), events, cuts)) == expected


@settings(deadline=None, max_examples=100)
@given(steps=STEPS, cuts=CUTS, count=st.integers(1, 30))
def test_counts_match_a_plain_loop(steps, cuts, count):
    events = events_at(SECOND + np.cumsum([*steps, 2 * MS]).astype(np.int64))
    whole = len(events) // count * count
    windows = push_all(CountWindows(count, 4, 4), events, cuts)
    assert [w.events.x.tolist() for w in windows] == [
        list(range(first, first + count)) for first in range(0, whole, count)]
    for window in windows:
        assert window.t_start == min(window.events.t)
        assert window.t_end == max(window.events.t) + 1


def test_frames_cut_from_the_one_before():
    policy = FrameWindows(4, 4)
    assert policy.push(events_at([0, 10 * MS])) == []
    assert summary(policy.frame(5 * MS)) == [(0, 5 * MS, [0])]
    assert policy.frame(20 * MS) == []
    assert policy.frame(30 * MS) == []
    windows = policy.push(events_at([19 * MS, 20 * MS, 31 * MS], first=2))
    assert summary(windows) == [(5 * MS, 20 * MS, [1, 2]), (20 * MS, 30 * MS, [3])]


def test_frames_of_a_fixed_length_share_events_where_they_overlap():
    policy = FrameWindows(4, 4, 10 * MS)
    policy.push(events_at([0, 4 * MS, 8 * MS, 12 * MS, 16 * MS]))
    assert summary(policy.frame(9 * MS)) == [(-MS, 9 * MS, [0, 1, 2])]
    assert summary(policy.frame(14 * MS)) == [(4 * MS, 14 * MS, [1, 2, 3])]
    assert summary(policy.frame(16 * MS)) == [(6 * MS, 16 * MS, [2, 3])]


def test_window_comes_when_an_event_reaches_its_end_exactly():
    policy = FrameWindows(4, 4, 10 * MS)
    policy.frame(10 * MS)
    assert policy.push(events_at([MS, 10 * MS - 1])) == []
    assert summary(policy.push(events_at([10 * MS]))) == [(0, 10 * MS, [0, 1])]


def test_frames_out_of_order_or_before_all_events_are_counted():
    policy = FrameWindows(4, 4)
    policy.push(events_at([5 * MS, 50 * MS]))
    assert policy.frame(5 * MS) == []
    assert len(policy.frame(20 * MS)) == 1
    assert policy.frame(20 * MS) == []
    assert policy.frame(15 * MS) == []
    assert policy.counters['frames_late'] == 3


def test_without_frames_only_the_last_second_waits():
    policy = FrameWindows(4, 4)
    for start in range(0, 10_000, 10):
        policy.push(events_at([start * MS, (start + 5) * MS]))
    assert policy.counters['events_dropped'] == 1799
    assert policy.frame(100 * MS) == []
    assert policy.counters['frames_late'] == 1
    window, = policy.frame(9_990 * MS)
    assert (window.t_start, len(window.events)) == (8_995 * MS, 199)


def test_after_a_pause_of_the_frames_a_window_has_the_last_second():
    policy = FrameWindows(4, 4)
    policy.push(events_at([0, 10 * MS]))
    policy.frame(5 * MS)
    for start in range(10, 5_000, 10):
        policy.push(events_at([start * MS]))
    window, = policy.frame(4_900 * MS)
    assert (window.t_start, window.t_end) == (3_990 * MS, 4_900 * MS)


def test_frames_that_no_events_reach_are_bounded():
    policy = FrameWindows(4, 4, MS)
    for frame in range(1, 101):
        assert policy.frame(frame * MS) == []
    windows = policy.push(events_at([0, 100 * MS]))
    assert [w.t_end for w in windows] == [frame * MS for frame in range(37, 101)]
    assert policy.counters['frames_dropped'] == 36


@pytest.mark.parametrize('frames_first', [False, True])
def test_bag_loop_gives_windows_again(frames_first):
    policy = FrameWindows(4, 4)
    policy.push(events_at([50 * SECOND, 50 * SECOND + 30 * MS]))
    assert len(policy.frame(50 * SECOND + 10 * MS)) == 1
    policy.frame(50 * SECOND + 40 * MS)
    windows = []
    if frames_first:
        windows += policy.frame(2 * MS)
    windows += policy.push(events_at([0, 10 * MS]))
    if not frames_first:
        windows += policy.frame(2 * MS)
    windows += policy.frame(9 * MS)
    assert [w.t_end for w in windows] == [2 * MS, 9 * MS]
    assert policy.counters['frames_late'] == 0
    assert policy.counters['frames_dropped'] == 1
    assert policy.counters['jumps_back'] == 1


def test_frames_ahead_of_the_events_in_a_bag_loop_are_bounded_and_counted():
    policy = FrameWindows(4, 4, MS)
    policy.push(events_at([50 * SECOND, 50 * SECOND + 30 * MS]))
    policy.frame(50 * SECOND + 10 * MS)
    for frame in range(1, 71):
        assert policy.frame(frame * MS) == []
    assert policy.frame(70 * MS) == []
    assert policy.counters['frames_late'] == 1
    windows = policy.push(events_at([0, 70 * MS]))
    assert [w.t_end for w in windows] == [frame * MS for frame in range(7, 71)]
    assert policy.counters['frames_dropped'] == 6


def test_frame_that_jumped_back_alone_does_not_hold_up_the_next():
    policy = FrameWindows(4, 4, MS)
    policy.push(events_at([50 * SECOND, 50 * SECOND + 30 * MS]))
    for frame, windows in ((10, 1), (-9000, 0), (-20_000, 0), (20, 1)):
        assert len(policy.frame(50 * SECOND + frame * MS)) == windows
    assert policy.counters['frames_dropped'] == 2
    policy.frame(MS)
    policy.reset()
    assert policy.counters['frames_dropped'] == 3


def test_frame_far_ahead_of_the_events_does_not_hold_up_the_next():
    policy = FrameWindows(4, 4, MS)
    policy.push(events_at([0, 30 * MS]))
    for frame, windows in ((10, 1), (5000, 0), (20, 1)):
        assert len(policy.frame(frame * MS)) == windows
    assert policy.counters['frames_dropped'] == 1


@pytest.mark.parametrize('off', [3 * SECOND, -3 * SECOND])
@pytest.mark.parametrize('cuts', [[], [2], [3], [2, 3, 4]])
def test_events_of_a_corrupt_time_are_left_out_and_restart_nothing(off, cuts):
    policy = PeriodWindows(10 * MS, 4, 4)
    times = [50 * SECOND + k * MS for k in range(12)]
    times[2:2] = [50 * SECOND + off, 50 * SECOND + off + 16_000]
    assert summary(push_all(policy, events_at(times), cuts)) == [
        (50 * SECOND, 50 * SECOND + 10 * MS, [0, 1, *range(4, 12)])]
    assert policy.counters['events_mistimed'] == 2
    assert policy.counters['jumps_back'] == policy.counters['events_dropped'] == 0


def test_many_events_of_one_far_time_are_a_jump(monkeypatch):
    monkeypatch.setattr(arrivals, 'UNSURE_LIMIT', 10)
    policy = CountWindows(5, 4, 4)
    policy.push(events_at([0] * 4))
    assert policy.push(events_at([3 * SECOND] * 10)) == []
    assert len(policy.push(events_at([3 * SECOND]))) == 3


def test_events_that_wait_for_the_confirmation_of_a_jump_are_counted_at_a_reset():
    policy = PeriodWindows(10 * MS, 4, 4)
    policy.push(events_at([0, 1, 3 * SECOND]))
    policy.reset()
    assert policy.counters['events_dropped'] == 3


def edges(*rows):
    """Return trigger edges from tuples (t, channel, edge)."""
    t, channel, edge = zip(*rows, strict=True)
    return Triggers(np.array(t, np.int64), np.array(channel, np.uint16), np.array(edge, np.uint8))


@pytest.mark.parametrize(('edge', 'ends', 'ignored'), [
    ('rising', [5, 25], 2), ('falling', [10], 3), ('both', [5, 10, 25], 1)])
@pytest.mark.parametrize('events_first', [True, False])
def test_windows_end_at_the_edges_of_a_trigger(edge, ends, ignored, events_first):
    policy = TriggerWindows(64, 48, channel=6, edge=edge, duration_ns=4 * MS)
    given = edges((5 * MS, 6, 1), (6 * MS, 2, 1), (10 * MS, 6, 0), (25 * MS, 6, 1))
    events = events_at([k * MS for k in range(31)])
    windows = policy.push(events) if events_first else policy.triggers(given)
    assert windows == []
    windows = policy.triggers(given) if events_first else policy.push(events)
    assert summary(windows) == [
        ((end - 4) * MS, end * MS, list(range(end - 4, end))) for end in ends]
    assert policy.counters['edges_ignored'] == ignored
    assert policy.triggers(Triggers.empty()) == []


def test_windows_of_triggers_without_a_length_reach_back_to_the_edge_before():
    policy = TriggerWindows(64, 48, channel=0, edge='rising')
    policy.push(events_at([k * MS for k in range(31)]))
    windows = policy.triggers(edges((5 * MS, 0, 1), (20 * MS, 0, 1)))
    assert [(w.t_start, w.t_end) for w in windows] == [(0, 5 * MS), (5 * MS, 20 * MS)]


def test_events_that_wait_are_bounded(monkeypatch):
    monkeypatch.setattr(arrivals, 'EVENT_LIMIT', 100)
    policy = CountWindows(1000, 4, 4)
    for start in range(50):
        policy.push(events_at([start] * 10))
    assert policy.counters['events_dropped'] == 400


def test_a_window_of_as_many_events_as_may_wait_comes_about(monkeypatch):
    monkeypatch.setattr(arrivals, 'EVENT_LIMIT', 100)
    policy = CountWindows(100, 4, 4)
    windows = [w for start in range(50) for w in policy.push(events_at([start] * 7))]
    assert [len(w.events) for w in windows] == [100] * 3
    assert policy.counters['events_dropped'] == 0


@pytest.mark.parametrize('policy', [
    PeriodWindows(10 * MS, 4, 4), CountWindows(5, 4, 4), FrameWindows(4, 4),
    TriggerWindows(4, 4, 0, 'both')])
def test_no_events_make_no_windows(policy):
    assert policy.push(Events.empty()) == []
    policy.reset()
    assert set(policy.counters.values()) == {0}


@pytest.mark.parametrize(('make', 'sentence'), [
    (lambda: PeriodWindows(999_999, 4, 4), '^period must be at least 1000000 ns'),
    (lambda: PeriodWindows(MS, 0, 4), '^sensor size must be at least 1x1, but got 0x4$'),
    (lambda: CountWindows(0, 4, 4), '^count must be 1 to 10000000, but got 0$'),
    (lambda: FrameWindows(4, 4, 0), '^duration must be at least 1 ns, but got 0$'),
    (lambda: TriggerWindows(4, 4, -1, 'both'), '^channel must be at least 0, but got -1$'),
    (lambda: TriggerWindows(4, 4, 0, 'up'), '^edge must be one of rising, falling, both, but'),
])
def test_impossible_windows_are_refused(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()

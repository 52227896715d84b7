# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT 3.0 packets: what is encoded comes back, from our decoder and from others."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.events import Events, PacketDecoder
from eventsam_ros.events.evt3_encoder import Evt3Encoder

TURN_NS = (1 << 24) * 1000


def events_of(rows):
    """Return events from tuples (x, y, p, t in ns)."""
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 4
    return Events(*(np.array(c, d) for c, d in zip(
        columns, (np.uint16, np.uint16, np.uint8, np.int64), strict=True)))


def same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in 'xypt')


def without_first_turns(events):
    """Return events as they come back: the format does not say in which turn a stream starts."""
    turns = events.t[:1] // TURN_NS * TURN_NS
    return Events(events.x, events.y, events.p, events.t - turns.sum())


def words(data):
    return [f'{word:04x}' for word in np.frombuffer(data, '<u2')]


def test_packet_starts_with_the_full_time_and_says_each_thing_once():
    encoder = Evt3Encoder(1280, 720)
    data = encoder.encode(events_of([
        (7, 5, 1, 4_098_000), (9, 5, 0, 4_098_999), (9, 6, 0, 4_099_000)]))
    assert words(data) == ['8001', '6002', '0005', '2807', '2009', '6003', '0006', '2009']
    assert words(encoder.encode(events_of([(9, 6, 0, 4_099_000)]))) == [
        '8001', '6003', '0006', '2009']


def test_dense_rows_become_vectors_and_sparse_ones_do_not():
    encoder = Evt3Encoder(1280, 720)
    dense = [(100 + x, 5, 1, 0) for x in (0, 1, 11, 12, 31)]
    assert words(encoder.encode(events_of(dense))) == [
        '8000', '6000', '0005', '3864', '4803', '4001', '5080']
    sparse = [(100 + x, 5, 1, 0) for x in (0, 1, 11, 31)]
    assert words(encoder.encode(events_of(sparse))) == [
        '8000', '6000', '0005', '2864', '2865', '286f', '2883']


def test_vector_never_reaches_past_the_sensor():
    rows = [(x, 0, 0, 0) for x in range(20, 40)]
    data = Evt3Encoder(40, 10).encode(events_of(rows))
    assert not [word for word in words(data) if word[0] in '345']
    assert same(PacketDecoder('evt3', 40, 10).decode(data), events_of(rows))


def test_empty_packet_has_no_words():
    assert Evt3Encoder(4, 4).encode(Events.empty()) == b''


def test_long_silence_is_bridged_in_steps_that_every_wrap_policy_reads_the_same():
    times = [3_000_000_000, 40_000_000_000, 40_000_001_000, 100_000_000_000]
    rows = [(1, 1, 1, t) for t in times]
    data = Evt3Encoder(4, 4).encode(events_of(rows))
    stream = np.frombuffer(data, '<u2').astype(int)
    highs = stream[stream >> 12 == 8] & 0xFFF
    steps = np.diff(highs)
    assert np.all((steps > 0) & (steps <= 8) | (steps <= -4085))
    assert PacketDecoder('evt3', 4, 4).decode(data).t.tolist() == times


@pytest.mark.parametrize('row', [
    (1280, 0, 0, 0), (0, 720, 0, 0), (0, 0, 0, -1), (0, 0, 0, 4 * 3600 * 10**9)])
def test_events_that_cannot_be_encoded_are_refused(row):
    encoder = Evt3Encoder(1280, 720)
    with pytest.raises(ValueError, match=rf'^event 1 must be .* t {row[3]}$'):
        encoder.encode(events_of([(0, 0, 0, 0), row]))
    # Nothing of a refused packet is in the stream.
    assert words(encoder.encode(events_of([(1, 1, 0, 9_000)]))) == [
        '8000', '6009', '0001', '2001']


@pytest.mark.parametrize('size', [(0, 1), (1, 0), (2049, 1), (1, 2049)])
def test_sensor_beyond_eleven_bits_is_refused(size):
    with pytest.raises(ValueError, match=rf'but got {size[0]}x{size[1]}$'):
        Evt3Encoder(*size)


# Runs of columns at one time and row exercise the vectors; steps of time go back too.
RUN = st.tuples(
    st.sampled_from([0, 0, 1, 5, 4096, -3, -5000, 2_000_000, 20_000_000]),
    st.integers(0, 47), st.integers(0, 1), st.sets(st.integers(0, 63), min_size=1, max_size=40),
    st.booleans())


@settings(deadline=None, max_examples=300)
@given(runs=st.lists(RUN, max_size=20), cuts=st.sets(st.integers(0, 400), max_size=4),
       start=st.integers(100_000, (1 << 24) - 1))
def test_any_events_come_back_whatever_the_packets(runs, cuts, start):
    rows = []
    now = start
    for step, y, p, columns, ascending in runs:
        now = max(now + step, 0)
        rows += [(x, y, p, 1000 * now) for x in sorted(columns, reverse=not ascending)]
    events = events_of(rows)
    encoder, decoder = Evt3Encoder(64, 48), PacketDecoder('evt3', 64, 48)
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [
        decoder.decode(encoder.encode(events[a:b]))
        for a, b in pairwise(bounds)]
    assert same(Events.concatenate(parts), without_first_turns(events))


def busy_events(count, seed):
    """Return events of moving edges: runs along rows, a few µs apart, over several turns."""
    rng = np.random.default_rng(seed)
    runs = count // 8
    t = np.repeat(np.sort(rng.integers(0, 3 * TURN_NS // 1000, runs)), 8) * 1000
    x = (np.repeat(rng.integers(0, 1200, runs), 8) + np.tile(np.arange(8) * 3, runs))
    y = np.repeat(rng.integers(0, 720, runs), 8)
    p = np.repeat(rng.integers(0, 2, runs), 8)
    return Events(x.astype(np.uint16), y.astype(np.uint16), p.astype(np.uint8), t)


def test_independent_reader_gives_the_same_events_back():
    evt3 = pytest.importorskip('evt3')
    events = busy_events(80_000, 1)
    data = Evt3Encoder(1280, 720).encode(events)
    theirs = evt3.decode_bytes(data)
    assert np.array_equal(theirs.x, events.x)
    assert np.array_equal(theirs.y, events.y)
    assert np.array_equal(theirs.p, events.p)
    assert np.array_equal(
        theirs.t.astype(np.int64) * 1000, without_first_turns(events).t)


def test_real_recording_comes_back(recordings):
    from eventsam_ros.evaluation.recordings import open_recording
    with open_recording(recordings['test_data_evt3_trigger']) as recording:
        decoder = PacketDecoder('evt3', 1280, 720)
        events = Events.concatenate([decoder.decode(p.data) for p in recording.packets()])
    data = Evt3Encoder(1280, 720).encode(events)
    assert same(PacketDecoder('evt3', 1280, 720).decode(data), events)

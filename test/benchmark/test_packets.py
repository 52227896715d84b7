# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The packets that decoding is measured with hold the events that they were made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from eventsam_ros.benchmark.packets import ENCODERS, packets
from eventsam_ros.events import Events, PacketDecoder

WIDTH, HEIGHT = 640, 480


def events(rng, count, start_us):
    t = start_us + np.sort(rng.integers(0, 20_000, count))
    return Events(
        rng.integers(0, WIDTH, count).astype(np.uint16),
        rng.integers(0, HEIGHT, count).astype(np.uint16),
        rng.integers(0, 2, count).astype(np.uint8), t.astype(np.int64) * 1000)


@pytest.mark.parametrize('encoding', ENCODERS)
@given(seed=st.integers(0, 1 << 32), count=st.integers(1, 60), start=st.integers(64, 10**8))
def test_every_event_comes_back(encoding, seed, count, start):
    rng = np.random.default_rng(seed)
    parts = [events(rng, count, start + 20_000 * k) for k in range(3)]
    sent = packets(encoding, parts, WIDTH, HEIGHT)
    decoder = PacketDecoder(encoding, WIDTH, HEIGHT)
    found = [decoder.decode(packet.data, packet.time_base) for packet in sent]
    if encoding in ('evt2', 'evt21', 'evt3'):   # their time begins anywhere
        shift = parts[0].t[0] - found[0].t[0]
        found = [Events(f.x, f.y, f.p, f.t + shift) for f in found]
    for part, back in zip(parts, found, strict=True):
        for name in ('x', 'y', 'p', 't'):
            assert np.array_equal(getattr(back, name), getattr(part, name)), name


def test_an_evt21_word_is_as_prophesee_writes_it():
    # EVT 2.1: type ON = 1, six low bits of the time in µs, x of the vector, y, 32 valid bits
    part = Events(np.array([37], np.uint16), np.array([5], np.uint16), np.array([1], np.uint8),
                  np.array([100_000], np.int64))
    time, event = packets('evt21', [part], WIDTH, HEIGHT)[0].data.view('<u8').tolist()
    assert time == 0x8 << 60 | (100 >> 6) << 32
    assert event == 1 << 60 | (100 & 63) << 54 | 32 << 43 | 5 << 32 | 1 << 5

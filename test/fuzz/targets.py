# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What is fed, and what must hold whatever is fed. A target takes a seed and feeds one round."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
import logging
from pathlib import Path
import tempfile

import corpus
from mutations import mutated, random_bytes
import numpy as np

from eventsam_ros.errors import DecodeError, RecordingError
from eventsam_ros.evaluation.recordings import PacketRecord, open_recording
from eventsam_ros.events import ENCODINGS, Events, PacketDecoder
from eventsam_ros.events.clock import SensorClock
from eventsam_ros.events.event_arrays import read_event_array, read_event_array_ros1
from eventsam_ros.events.pixel_events import PixelEvents
from eventsam_ros.events.summed_window import window_sums
from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows

ROUND = 100
"""Packets of a round."""
UNITS = {'evt3': 2, 'libcaer_cmp': 2, 'evt2': 4}
WORDS = ('event_words', 'vector_words', 'address_words', 'time_words', 'triggers',
         'system_words', 'reserved', 'before_time')
SIZES = ((1, 1), (346, 260), (640, 480), (1280, 720), (2048, 2048), (32768, 32768))

whole_packets = cache(corpus.packets)


def check_events(events: Events, width: int, height: int) -> None:
    """See that all arrays fit together and to the sensor."""
    assert len(events.x) == len(events.y) == len(events.p) == len(events.t)
    assert events.t.dtype == np.int64
    if len(events):
        assert events.x.max() < width
        assert events.y.max() < height
        assert events.p.max() <= 1


def check_same(found: PixelEvents, events: Events, width: int) -> None:
    """See that events by pixel are those of the arrays."""
    assert np.array_equal(found.t, events.t)
    number = events.y.astype(np.uint32) * np.uint32(width) + events.x
    assert np.array_equal(found.pixel, number | events.p.astype(np.uint32) << 31)


def check_counters(decoder: PacketDecoder, fed: int, events: int, triggers: int) -> None:
    """See that every byte, word and event is accounted for."""
    counted = decoder.counters
    unit = UNITS.get(decoder.encoding, 8)
    assert min(c for name, c in counted.items() if name != 'wraps') >= 0
    assert counted['words'] * unit + counted['stray_bytes'] == fed
    assert counted['words'] == sum(counted[name] for name in WORDS)
    assert counted['event_words'] + counted['vector_events'] == (
        counted['events'] + counted['out_of_range'] + counted['address_lost'])
    assert counted['events'] == events
    assert counted['triggers'] == triggers + counted['triggers_dropped']


def packets(encoding: str, mutate: bool, seed: int, count: int = ROUND) -> int:
    """Feed one decoder; return how many packets it got."""
    rng = np.random.default_rng([seed, ENCODINGS.index(encoding), mutate])
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    decoder, by_pixel = (PacketDecoder(encoding, width, height) for _ in range(2))
    whole = whole_packets(encoding) if mutate else []
    fed = found = edges = 0
    for _ in range(count):
        chance = rng.random()
        if chance < 0.02:
            decoder.gap()
            by_pixel.gap()
        elif chance < 0.03:
            edges += len(decoder.take_triggers())
            decoder.reset()
            by_pixel.reset()
        data = mutated(rng, whole[int(rng.integers(len(whole)))]) if mutate else random_bytes(rng)
        before = data.copy()
        time_base = int(rng.integers(0, 1 << 61))
        events = decoder.decode(data, time_base)
        check_same(by_pixel.decode_pixels(data, time_base), events, width)
        assert np.array_equal(data, before)
        check_events(events, width, height)
        found += len(events)
        fed += len(data)
    edges += len(decoder.take_triggers())
    check_counters(decoder, fed, found, edges)
    return count


def arrays(mutate: bool, seed: int, count: int = ROUND) -> int:
    """Feed the readers of EventArray messages: they refuse, or give events of the sensor."""
    rng = np.random.default_rng([seed, mutate])
    for _ in range(count):
        for read, whole in ((read_event_array, corpus.array_message(ros1=False)),
                            (read_event_array_ros1, corpus.array_message(ros1=True))):
            data = mutated(rng, whole, len(whole)) if mutate else random_bytes(rng)
            try:
                record = read(data)
            except DecodeError:
                continue
            check_events(record.events, record.width, record.height)
            counts = record.counts
            assert counts['words'] == sum(c for name, c in counts.items() if name != 'words')
    return count


def windows(seed: int, count: int = ROUND) -> int:
    """Feed the policies with times that jump; no event is in two windows, none is forgotten."""
    rng = np.random.default_rng(seed)
    policies, summing = (
        (PeriodWindows(10_000_000, 64, 48), CountWindows(37, 64, 48),
         FrameWindows(64, 48), FrameWindows(64, 48, 20_000_000)) for _ in range(2))
    clock = SensorClock()
    fed, now = 0, 10**18
    taken = [0] * len(policies)
    for _ in range(count):
        steps = rng.choice([0, 1000, -3000, 10**6], int(rng.integers(0, 60)))
        if rng.random() < 0.1 and len(steps):
            steps[int(rng.integers(len(steps)))] = int(rng.integers(-1 << 42, 1 << 42))
        t = now + np.cumsum(steps)
        now = int(t[-1]) if len(t) else now
        zero = np.zeros(len(t), np.uint16)
        events = Events(zero, zero, zero.astype(np.uint8), t)
        fed += len(t)
        if len(t):
            clock.update(int(t[0]), int(t[-1]), now + int(rng.integers(-1 << 33, 1 << 33)))
            assert isinstance(clock.to_sensor(clock.to_host(now)), int)
        for k, (policy, other) in enumerate(zip(policies, summing, strict=True)):
            found = policy.push(events)
            same = other.push(PixelEvents.of(events, 64, 48))
            if isinstance(policy, FrameWindows) and isinstance(other, FrameWindows):
                frame = now + int(rng.integers(-1 << 31, 1 << 31))
                found, same = found + policy.frame(frame), same + other.frame(frame)
            assert policy.counters == other.counters
            for window, summed in zip(found, same, strict=True):
                assert window.t_start < window.t_end
                assert (window.t_start, window.t_end) == (summed.t_start, summed.t_end)
                assert len(window.events) == len(summed) == window_sums(summed).count
                taken[k] += len(window.events)
    for k, policy in enumerate(policies[:2]):
        policy.reset()
        counted = policy.counters
        assert taken[k] + counted['events_dropped'] + counted['events_mistimed'] == fed
    return count


def files(kind: str, seed: int, count: int = 10) -> int:
    """Open damaged files: they are refused with one sentence, or what is whole is read."""
    rng = np.random.default_rng([seed, len(kind)])
    whole = corpus.file(kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f'x.{kind.partition("_")[0]}'
        for _ in range(count):
            mutated(rng, whole, len(whole)).tofile(path)
            try:
                with open_recording(path) as recording:
                    for message in recording.messages():
                        if isinstance(message.message, PacketRecord):
                            packet = message.message
                            PacketDecoder(packet.encoding, packet.width, packet.height).decode(
                                packet.data, packet.time_base)
            except (RecordingError, DecodeError) as error:
                if '\n' in str(error):
                    raise AssertionError('more than one line') from error
    return count


def quiet() -> None:
    """Keep the warnings about cut files to ourselves."""
    logging.getLogger('eventsam_ros').setLevel(logging.ERROR)


TARGETS: dict[str, Callable[[int], int]] = {
    **{f'{encoding} {kind}': partial(packets, encoding, kind == 'mutated')
       for encoding in ENCODINGS for kind in ('random', 'mutated')},
    'arrays random': partial(arrays, False), 'arrays mutated': partial(arrays, True),
    'windows': windows,
    **{f'file {kind}': partial(files, kind) for kind in corpus.FILES},
}

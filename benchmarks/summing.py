# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""EVT3 packets to arrays and to the sums of windows, beside a program of another make.

One thread, processor time, the best of several turns in which all take their part: arrays
(PacketDecoder.decode), and for each window policy the windows as a node gets them (`windows`: few
events wait to be summed until someone asks) and with the sums of every window made (`sums`: what
its three bins are read from). Equal work is `sums`, which does more than the other program: it
keeps the time of each event, and clears the sums of each window. What neither does here is to
read the bins out (benchmarks/stages.py). Two streams: a recording, repeated with its time going
on, and a simulated dense one with vectors of which there are over 20 million events.

`--yardstick 'COMMAND'` runs COMMAND FILE WIDTH HEIGHT. FILE holds packets, each a uint32 length
(little-endian) and its bytes. For every line that it reads from stdin, 'arrays' or 'image', the
program decodes all packets once and prints the processor seconds of that and the number of
events. With event_camera_codecs (ros-event-camera, headers only, -O3) that is a program of 50
lines: a struct with `std::vector<uint8_t> events; uint64_t time_base` is the message;
`evt3::Decoder<Message, Processor>` with `setGeometry` decodes; the processor's `eventCD` writes
x, y, p and t to the next place of four arrays for 'arrays', and adds +1 or -1 to a float image of
the sensor for 'image', which is never cleared and has no windows.

What limits ours, from the parts of it on two shared cores (EPYC, Zen 4, 1280 x 720): to look over
words 0.2 ns a word; to follow them 1.0 ns a word, and 2.2 ns where there are vectors; to sum
them 3 to 4.5 ns an event, by what else wants the cache. The recording has 4.6 words an
event and 3,300 events in 50 ms: there calls and the 7.4 MB of a window's sums weigh most. Summing
straight from the words, with one addition for the 12 pixels of a vector, was hardly faster than
decoding first, and slower from packet to packet: not worth a second way.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
import shlex
import struct
import subprocess
import time

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.evaluation.recordings import PacketRecord, open_recording
from eventsam_ros.events import Events, PacketDecoder, Triggers, Window
from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.events.summed_window import window_sums
from eventsam_ros.events.windows import CountWindows, FrameWindows, PeriodWindows, TriggerWindows
from eventsam_ros.simulation.capture import capture
from eventsam_ros.simulation.scene import random_scene
from eventsam_ros.simulation.sensor import EventSensor, SensorConfig

WIDTH, HEIGHT = 1280, 720
MS = 1_000_000
WINDOW_NS = 50 * MS
READOUT_NS = 500_000
"""A busy sensor reads its rows one after the other, again and again after so long."""

Packets = list[NDArray[np.uint8]]
Policy = PeriodWindows | CountWindows | FrameWindows | TriggerWindows


def repeated(path: Path, times: int) -> Packets:
    """Return the packets of an EVT3 recording of WIDTH x HEIGHT, again and again in time."""
    with open_recording(path) as recording:
        words = [np.frombuffer(m.message.data, '<u2') for m in recording.messages()
                 if isinstance(m.message, PacketRecord) and m.message.encoding == 'evt3']
    high = np.concatenate([w[w >> 12 == 0x8] & 0xFFF for w in words])
    span = int(high.max()) - int(high.min()) + 1
    packets = []
    for k in range(times):
        for packet in words:
            later = packet.copy()
            times_high = later >> 12 == 0x8
            later[times_high] = 0x8000 | (later[times_high].astype(np.int64) + k * span) % 4096
            packets.append(later.view(np.uint8))
    return packets


def dense(repeats: int) -> Packets:
    """Return packets of 2 ms of a simulated scene, 0.4 s long, one after the other."""
    rng = np.random.default_rng([13, 7])
    scene = random_scene(rng, WIDTH, HEIGHT, objects=6)
    config = SensorConfig(threshold=0.1, refractory_us=100.0)
    sensor = EventSensor(WIDTH, HEIGHT, config, rng)
    instants = np.asarray(1.0 + np.arange(21) * 0.02, np.float64)
    events = Events.concatenate([m.events for m in capture(scene, sensor, instants)])
    readout = (events.t - events.t[0]) // READOUT_NS + 2
    order = np.lexsort((events.x, events.p, events.y, readout))
    events, readout = events[order], readout[order]
    t = readout * READOUT_NS + events.y.astype(np.int64) * (READOUT_NS // 1000) // HEIGHT * 1000
    span = (int(t[-1]) // MS + 1) * MS
    encoder, packets = Evt3Encoder(WIDTH, HEIGHT), []
    for k in range(repeats):
        now = Events(events.x, events.y, events.p, t + k * span)
        cuts = np.searchsorted(now.t, np.arange(now.t[0], now.t[-1], 2 * MS)[1:])
        bounds = [0, *cuts.tolist(), len(t)]
        packets += [np.frombuffer(encoder.encode(now[a:b]), np.uint8)
                    for a, b in pairwise(bounds)]
    return packets


def policies(count: int) -> dict[str, Callable[[], Policy]]:
    """Return what makes each policy, of windows of 50 ms or of `count` events."""
    return {
        'period': lambda: PeriodWindows(WINDOW_NS, WIDTH, HEIGHT),
        'count': lambda: CountWindows(count, WIDTH, HEIGHT),
        'frame': lambda: FrameWindows(WIDTH, HEIGHT, WINDOW_NS),
        'trigger': lambda: TriggerWindows(WIDTH, HEIGHT, 0, 'rising', WINDOW_NS)}


def arrays(packets: Packets) -> int:
    """Decode to arrays; return the number of events."""
    decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
    return sum(len(decoder.decode(data)) for data in packets)


def windows(packets: Packets, make: Callable[[], Policy], sums: bool) -> int:
    """Decode into windows, back to back, with their sums or without; return the events."""
    decoder, policy, found, end = PacketDecoder('evt3', WIDTH, HEIGHT), make(), 0, 0
    for data in packets:
        complete: list[Window] = []
        last = -1
        for events in decoder.decode_pieces(data):
            if len(events):
                last = int(events.t[-1])
                found += len(events)
                complete += policy.push(events)
        if last < 0:
            continue
        if last >= end:
            if isinstance(policy, FrameWindows):
                complete += policy.frame(end or last)
            elif isinstance(policy, TriggerWindows):
                complete += policy.triggers(Triggers(
                    np.array([end or last]), np.zeros(1, np.uint16), np.ones(1, np.uint8)))
            end = (end or last) + WINDOW_NS
        if sums:
            for window in complete:
                window_sums(window)
    return found


class Yardstick:
    """The other program, which waits to be asked for the next pass."""

    def __init__(self, command: str, packets: Packets, path: Path) -> None:
        """Write the packets to `path` and start the program."""
        with path.open('wb') as file:
            for data in packets:
                file.write(struct.pack('<I', len(data)) + data.tobytes())
        self._program = subprocess.Popen(
            [*shlex.split(command), str(path), str(WIDTH), str(HEIGHT)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def measure(self, what: str) -> float:
        """Return the rate of a pass, events a second."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f'{what}\n')
        self._program.stdin.flush()
        seconds, count = self._program.stdout.readline().split()[:2]
        return int(count) / float(seconds)

    def close(self) -> None:
        """End the program."""
        assert self._program.stdin is not None
        self._program.stdin.close()
        self._program.wait()


def compare(
    packets: Packets, count: int, turns: int, yardstick: Yardstick | None,
) -> dict[str, float]:
    """Return million events per second of each, and how many times the yardstick ours are.

    Args:
        packets: What is decoded.
        count: Events of a window of the policy count.
        turns: Turns of which the best counts.
        yardstick: The other program, or None.
    """
    runs: dict[str, Callable[[], int]] = {'arrays': partial(arrays, packets)}
    for policy, make in policies(count).items():
        runs[f'{policy}, windows'] = partial(windows, packets, make, sums=False)
        runs[f'{policy}, sums'] = partial(windows, packets, make, sums=True)
    best, others = dict.fromkeys(runs, 0.0), {'arrays': 0.0, 'image': 0.0}
    for _ in range(turns):
        for name, run in runs.items():
            if yardstick is not None:
                what = 'arrays' if name == 'arrays' else 'image'
                others[what] = max(others[what], yardstick.measure(what))
            begin = time.process_time()
            found = run()
            best[name] = max(best[name], found / (time.process_time() - begin))
    figures = {f'{name}, mevents_s': round(rate / 1e6, 1) for name, rate in best.items()}
    if yardstick is not None:
        for what, rate in others.items():
            figures[f'yardstick {what}, mevents_s'] = round(rate / 1e6, 1)
        for name, rate in best.items():
            other = others['arrays' if name == 'arrays' else 'image']
            figures[f'{name}, ratio'] = round(rate / other, 2)
    return figures

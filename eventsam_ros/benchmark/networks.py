# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""One back end: encoder, decoder by number of prompts, automatic masks, and the whole way."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

import numpy as np

from eventsam_ros.errors import EngineError
from eventsam_ros.events.decoder import PacketDecoder
from eventsam_ros.events.types import Float32
from eventsam_ros.events.windows import PeriodWindows
from eventsam_ros.inference.bundle import Bundle
from eventsam_ros.inference.engines import Engine
from eventsam_ros.inference.graphs import open_engines
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.packing import pack_clicks
from eventsam_ros.inference.segmenter import STAGES, Segmenter

from .decoding import cut, to_tensor
from .packets import packets
from .spread import Effort, Sample, repeat, spread
from .streams import HEIGHT, WIDTH, Stream

PROMPTS = (1, 8, 16, 32)
NETWORK = ('encode', 'decode')
"""Stages of a window that are the network."""

Tell = Callable[[], None]


def measure_engine(
    bundle: Bundle, name: str, threads: int | None, streams: list[Stream], effort: Effort,
    tell: Tell,
) -> dict[str, Any]:
    """Return all figures of a back end, or why it is not available.

    Args:
        bundle: What it runs.
        name: One of eventsam_ros.inference.engines.ENGINES.
        threads: Threads of one operator; None leaves it to the back end.
        streams: What masks are made of.
        effort: How long each figure is measured.
        tell: Called after each figure.
    """
    begun = time.perf_counter()
    try:
        encoder, decoder = open_engines(bundle, name, threads)
    except EngineError as error:
        return {'available': False, 'reason': str(error)}
    result: dict[str, Any] = {
        'available': True, 'description': encoder.description,
        'load_s': round(time.perf_counter() - begun, 3)}
    window = cut('evt3', packets('evt3', streams[0].parts, WIDTH, HEIGHT),
                 streams[0].window_ns)[0]
    image = to_tensor(window, bundle)
    result['encoder_ms'] = spread(repeat(lambda: encoder.run({'image': image}), effort))
    tell()
    embedding = encoder.run({'image': image})['embedding'].copy()
    result['decoder_ms'] = {}
    for count in PROMPTS:
        result['decoder_ms'][str(count)] = _decoder(bundle, decoder, embedding, count, effort)
        tell()
    for engine in (encoder, decoder):
        engine.close()
    segmenter = Segmenter(bundle, name, threads)
    segmenter.warm_up(WIDTH, HEIGHT)
    result['automatic'] = []
    result['pipeline'] = []
    for stream in streams:
        result['automatic'].append(_automatic(segmenter, stream, effort))
        tell()
        result['pipeline'].append(_pipeline(segmenter, stream, effort))
        tell()
    segmenter.close()
    return result


def _decoder(
    bundle: Bundle, decoder: Engine, embedding: Float32, count: int, effort: Effort,
) -> dict[str, float]:
    m = bundle.manifest
    rng = np.random.default_rng(count)
    points = (rng.random((count, 2)) * (WIDTH - 1, HEIGHT - 1)).astype(np.float32)
    packed = pack_clicks(
        points, Letterbox(WIDTH, HEIGHT, m.width, m.height, m.low_res_stride), m.point_padding)
    inputs = {'embedding': embedding, **packed.inputs()}
    return spread(repeat(lambda: decoder.run(inputs), effort))


def _automatic(segmenter: Segmenter, stream: Stream, effort: Effort) -> dict[str, Any]:
    """Masks without prompts, window after window."""
    shown = cut('evt3', packets('evt3', stream.parts, WIDTH, HEIGHT), stream.window_ns)
    segmenter.reset()
    rows: list[dict[str, float]] = []
    masks: list[int] = []

    def act() -> None:
        # each call another window: the segmenter keeps the embedding of the last one
        window = shown[len(rows) % len(shown)]
        masks.append(len(segmenter.segment(window).ids))
        rows.append(dict(segmenter.timings))
    found = spread(repeat(act, effort))
    stages = {name: round(float(np.median([row[name] for row in rows[1:]])), 3)
              for name in STAGES}
    return {'stream': stream.name, 'ms': found, 'stages_ms': stages,
            'masks': round(float(np.mean(masks[1:])), 2)}


def _pipeline(segmenter: Segmenter, stream: Stream, effort: Effort) -> dict[str, Any]:
    """Packets in, automatic masks out, one after the other in one thread."""
    sent = packets('evt3', stream.parts, WIDTH, HEIGHT)
    samples: list[Sample] = []
    network: list[float] = []
    segmenter.reset()

    def act() -> None:
        decoder = PacketDecoder('evt3', WIDTH, HEIGHT)
        policy = PeriodWindows(stream.window_ns, WIDTH, HEIGHT)
        wall, cpu = time.perf_counter(), time.process_time()
        for packet in sent:
            for window in policy.push(decoder.decode_pixels(packet.data, packet.time_base)):
                segmenter.segment(window)
                network.append(sum(segmenter.timings[stage] for stage in NETWORK))
                samples.append(Sample((time.perf_counter() - wall) * 1e3,
                                      (time.process_time() - cpu) * 1e3))
                wall, cpu = time.perf_counter(), time.process_time()
    act()
    samples.clear()
    network.clear()
    repeat(act, effort)
    found = spread(samples)
    return {'stream': stream.name, 'mevents_s': round(stream.rate, 2), 'ms': found,
            'network_ms_p50': round(float(np.median(network)), 4),
            'outside_network': round(
                1 - float(np.sum(network)) / sum(s.wall_ms for s in samples), 4),
            'windows_s': round(1e3 / found['p50'], 2)}

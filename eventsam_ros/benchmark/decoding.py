# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Packets to events, and packets to the tensor that the network reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsam_ros.events.decoder import PacketDecoder
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Float32, Window
from eventsam_ros.events.windows import PeriodWindows
from eventsam_ros.inference.bundle import Bundle
from eventsam_ros.inference.letterbox import Letterbox

from .packets import Packet, packets
from .spread import Effort, repeat, spread
from .streams import HEIGHT, WIDTH, Stream


def cut(encoding: str, sent: Sequence[Packet], window_ns: int) -> list[Window]:
    """Decode packets as the node does and return the windows that they complete."""
    decoder = PacketDecoder(encoding, WIDTH, HEIGHT)
    policy = PeriodWindows(window_ns, WIDTH, HEIGHT)
    return [window for packet in sent
            for window in policy.push(decoder.decode_pixels(packet.data, packet.time_base))]


def to_tensor(window: Window, bundle: Bundle) -> Float32:
    """Return the encoder's input for a window, float32 [1, 3, H, W]."""
    m = bundle.manifest
    letterbox = Letterbox(window.width, window.height, m.width, m.height, m.low_res_stride)
    picture = window_image(window, m.representation, *letterbox.content)
    return letterbox.tensor(picture, m.mean, m.std, m.padding)


def measure_decode(encoding: str, stream: Stream, effort: Effort) -> dict[str, Any]:
    """Return the time to decode a stream to arrays, and its rate."""
    sent = packets(encoding, stream.parts, WIDTH, HEIGHT)

    def act() -> None:
        decoder = PacketDecoder(encoding, WIDTH, HEIGHT)
        for packet in sent:
            decoder.decode(packet.data, packet.time_base)
    return _row(encoding, stream, sent, act, effort)


def measure_tensor(
    encoding: str, stream: Stream, bundle: Bundle, effort: Effort,
) -> dict[str, Any]:
    """Return the time from packets to the tensors of all windows, and its rate."""
    sent = packets(encoding, stream.parts, WIDTH, HEIGHT)

    def act() -> None:
        for window in cut(encoding, sent, stream.window_ns):
            to_tensor(window, bundle)
    return _row(encoding, stream, sent, act, effort)


def _row(
    encoding: str, stream: Stream, sent: Sequence[Packet], act: Any, effort: Effort,
) -> dict[str, Any]:
    found = spread(repeat(act, effort))
    return {'encoding': encoding, 'stream': stream.name, 'events': stream.events,
            'bytes': sum(len(packet.data) for packet in sent), 'ms': found,
            'mevents_s': round(stream.events / found['p50'] / 1e3, 2)}

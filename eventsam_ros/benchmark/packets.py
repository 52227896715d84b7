# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events as packets of every encoding that can be made from any events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.evt3_encoder import Evt3Encoder
from eventsam_ros.events.mono_encoder import encode_mono
from eventsam_ros.events.types import Bool, Events, UInt8

Words = NDArray[Any]


@dataclass(frozen=True)
class Packet:
    """What a driver sends.

    Attributes:
        data: Its bytes, uint8 [N].
        time_base: ns; 0 for encodings that have none.
    """

    data: UInt8
    time_base: int


def packets(encoding: str, parts: Sequence[Events], width: int, height: int) -> list[Packet]:
    """Encode runs of events, each as a packet; PacketDecoder gives the same events back.

    Args:
        encoding: One of ENCODERS.
        parts: Not empty, each in the order of time, at whole microseconds, from 64 µs to 2^31 µs.
        width: Sensor columns, at most 2048.
        height: Sensor rows, at most 2048.
    """
    if encoding == 'evt3':
        encoder = Evt3Encoder(width, height)
        return [Packet(np.frombuffer(encoder.encode(part), np.uint8), 0) for part in parts]
    return [_ENCODERS[encoding](part) for part in parts]


def _evt2(part: Events) -> Packet:
    us, x, y, p = _wide(part)
    event = p << 28 | (us & 63) << 22 | x << 11 | y
    time = 0x8 << 28 | us >> 6
    return Packet(_where_new([time, event], [us >> 6]).astype('<u4').view(np.uint8), 0)


def _evt21(part: Events) -> Packet:
    us, x, y, p = _wide(part)
    bit = np.left_shift(1, x & 31)
    event = p << 60 | (us & 63) << 54 | (x & ~31) << 43 | y << 32 | bit
    time = (us >> 6) << 32 | -(1 << 63)   # type 8 in the top bits, which are the sign's
    return Packet(_where_new([time, event], [us >> 6]).astype('<i8').view(np.uint8), 0)


def _libcaer(part: Events) -> Packet:
    us, x, y, p = _wide(part)
    return Packet((us << 32 | x << 17 | y << 2 | p << 1 | 1).astype('<i8').view(np.uint8), 0)


def _libcaer_cmp(part: Events) -> Packet:
    base = int(part.t[0])
    us, x, y, p = _wide(Events(part.x, part.y, part.p, part.t - base))
    high, low = us >> 12, us & 0xFFF
    words = _where_new(
        [high, 0x1 << 12 | low, 0x2 << 12 | x, 0x3 << 12 | p << 11 | y], [high, low, x])
    return Packet(words.astype('<u2').view(np.uint8), base)


def _mono(part: Events) -> Packet:
    base = int(part.t[0])
    return Packet(encode_mono(part, base), base)


def _wide(part: Events) -> tuple[Words, Words, Words, Words]:
    """Return time in µs, column, row and polarity, int64."""
    us, x, y, p = (a.astype(np.int64) for a in (part.t // 1000, part.x, part.y, part.p))
    return us, x, y, p


def _where_new(words: Sequence[Words], states: Sequence[Words]) -> Words:
    """Return the words of all events in turn: the last always, the others where they change."""
    kept: list[Bool] = [
        np.concatenate([[True], np.asarray(state[1:] != state[:-1])]) for state in states]
    kept.append(np.ones(len(words[-1]), np.bool_))
    return np.stack(words, 1)[np.stack(kept, 1)]


_ENCODERS: dict[str, Callable[[Events], Packet]] = {
    'evt2': _evt2, 'evt21': _evt21, 'libcaer': _libcaer, 'libcaer_cmp': _libcaer_cmp,
    'mono': _mono}

ENCODERS = ('evt3', *_ENCODERS)
"""Encodings that packets() makes. evt21 holds one event a word."""

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Event packets to arrays, whatever their encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.errors import DecodeError

from .encoding import COUNTERS, SIDE_LIMIT, Encoding
from .evt2 import Evt2
from .evt3 import Evt3
from .evt21 import Evt21, Evt21Legacy
from .libcaer import Libcaer
from .libcaer_cmp import LibcaerCmp
from .mono import Mono
from .pixel_events import PixelEvents
from .trigger import Trigger
from .types import Events, Triggers, UInt8

_ENCODINGS: dict[str, Callable[[int, int], Encoding]] = {
    'evt3': Evt3, 'libcaer': Libcaer, 'libcaer_cmp': LibcaerCmp, 'mono': Mono,
    'trigger': Trigger, 'evt2': Evt2, 'evt21': Evt21, 'evt21_legacy': Evt21Legacy,
}

ENCODINGS = tuple(_ENCODINGS)
"""Encodings that can be decoded, as EventPacket names them; those of EVT 2 are ours."""

PIECE_BYTES = 1 << 16
"""Bytes of a packet that decode_pieces() decodes at once: their events stay in the cache."""

TRIGGER_LIMIT = 100_000
"""Trigger edges that a decoder keeps for take_triggers(); the oldest go first."""


class PacketDecoder:
    """Decoder of one stream: one publisher, one encoding, one sensor.

    Packets depend on those before them, so every packet of the stream must come through, in
    order. Bad content never raises: it is left out and counted.
    """

    def __init__(self, encoding: str, width: int, height: int) -> None:
        """Start at the first packet of a stream.

        Args:
            encoding: One of ENCODINGS.
            width: Sensor columns, at least 1.
            height: Sensor rows, at least 1.

        Raises:
            DecodeError: Unknown encoding, or no such sensor.
        """
        if encoding not in _ENCODINGS:
            raise DecodeError(
                f'encoding must be one of {", ".join(ENCODINGS)}, but got {encoding!r}')
        if not (1 <= width <= SIDE_LIMIT and 1 <= height <= SIDE_LIMIT):
            raise DecodeError(
                f'sensor size must be 1x1 to {SIDE_LIMIT}x{SIDE_LIMIT}, but got {width}x{height}')
        self._name = encoding
        self._size = (width, height)
        self._encoding = _ENCODINGS[encoding](width, height)
        self._triggers: list[Triggers] = []
        self._counters = dict.fromkeys(COUNTERS, 0)

    @property
    def encoding(self) -> str:
        """Name of the encoding."""
        return self._name

    @property
    def size(self) -> tuple[int, int]:
        """Sensor columns and rows."""
        return self._size

    @property
    def counters(self) -> dict[str, int]:
        """What was read and what was left out since the start; names in encoding.COUNTERS."""
        counters = dict(self._counters)
        if isinstance(self._encoding, Evt3):
            for name, count in self._encoding.counts().items():
                counters[name] += count
        return counters

    def decode(
        self, data: bytes | bytearray | memoryview | NDArray[Any], time_base: int = 0,
    ) -> Events:
        """Decode one packet.

        Args:
            data: The packet's bytes; uint8 [N] if an array.
            time_base: The packet's time base in ns (not used by evt2, evt21 and evt3).

        Returns:
            Its events, in sensor time: for evt2, evt21 and evt3 since some start of the camera,
            for the others since the epoch. None for trigger: see take_triggers().

        Raises:
            DecodeError: Not bytes, or a time base that is no time.
        """
        events, triggers, counts = self._encoding.decode(
            _as_bytes(data), _as_time_base(time_base))
        for name, count in counts.items():
            self._counters[name] += count
        self._counters['packets'] += 1
        self._take(events, triggers)
        return events

    def decode_pixels(
        self, data: bytes | bytearray | memoryview | NDArray[Any], time_base: int = 0,
    ) -> PixelEvents:
        """Decode one packet to events by pixel, of which evt3 makes no arrays first.

        Args:
            data: As for decode().
            time_base: As for decode().

        Returns:
            Its events, in arrays that the next call may write to.

        Raises:
            DecodeError: As for decode().
        """
        if not isinstance(self._encoding, Evt3):
            return PixelEvents.of(self.decode(data, time_base), *self._size)
        _as_time_base(time_base)
        events, triggers = self._encoding.decode_pixels(_as_bytes(data))
        self._counters['packets'] += 1
        self._take(events, triggers)
        return events

    def decode_pieces(
        self, data: bytes | bytearray | memoryview | NDArray[Any], time_base: int = 0,
    ) -> Iterator[PixelEvents]:
        """Decode one packet to events by pixel, evt3 piece by piece.

        So the memory that it takes does not grow with the packet, of which a publisher under
        load makes few large ones.

        Args:
            data: As for decode().
            time_base: As for decode().

        Returns:
            Its events in runs, each in arrays that the next one may be written to; all of them
            must be taken before the next packet.

        Raises:
            DecodeError: As for decode(), at once.
        """
        whole = _as_bytes(data)
        time_base = _as_time_base(time_base)
        if len(whole) <= PIECE_BYTES or not isinstance(self._encoding, Evt3):
            return iter((self.decode_pixels(whole, time_base),))
        return self._pieces(whole, self._encoding)

    def _pieces(self, data: UInt8, encoding: Evt3) -> Iterator[PixelEvents]:
        self._counters['packets'] += 1
        for start in range(0, len(data), PIECE_BYTES):
            events, triggers = encoding.decode_pixels(data[start:start + PIECE_BYTES])
            self._take(events, triggers)
            yield events

    def take_triggers(self) -> Triggers:
        """Return the trigger edges since the last call, in arrival order."""
        parts, self._triggers = self._triggers, []
        return Triggers.concatenate(parts)

    def gap(self) -> None:
        """Tell that packets were lost: time goes on, addresses are unknown until sent again."""
        self._counters['gaps'] += 1
        self._encoding.gap()

    def reset(self) -> None:
        """Start anew, as for the first packet of a stream; the counters go on."""
        self._counters = self.counters
        self._encoding = _ENCODINGS[self._name](*self._size)
        self._triggers = []

    def _take(self, events: Events, triggers: Triggers) -> None:
        self._counters['events'] += len(events.t)
        if len(triggers.t) > 0:
            self._counters['triggers'] += len(triggers)
            self._keep(triggers)

    def _keep(self, triggers: Triggers) -> None:
        self._triggers.append(triggers)
        surplus = sum(len(part) for part in self._triggers) - TRIGGER_LIMIT
        if surplus > 0:
            self._triggers = [self.take_triggers()[surplus:]]
            self._counters['triggers_dropped'] += surplus


def _as_time_base(time_base: int) -> int:
    if not 0 <= time_base < 1 << 62:
        raise DecodeError(f'time base must be 0 to 2^62 - 1 ns, but got {time_base}')
    return int(time_base)


def _as_bytes(data: bytes | bytearray | memoryview | NDArray[Any]) -> UInt8:
    if isinstance(data, np.ndarray):
        if data.dtype.char != 'B' or data.ndim != 1:
            raise DecodeError(
                f'packet must be uint8 [N], but got {data.dtype} {list(data.shape)}')
        return data if data.flags.c_contiguous else np.ascontiguousarray(data)
    try:
        return np.frombuffer(data, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        raise DecodeError(f'packet must be bytes, but got {type(data).__name__}') from error

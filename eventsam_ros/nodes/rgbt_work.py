# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From messages of two cameras to published class maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
import time
from typing import Any

import numpy as np
from rclpy.clock import Clock
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from eventsam_ros.errors import EventsamError
from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_input import fitted, thermal_levels
from eventsam_ros.inference.rgbt_pairing import Kind, Matched, Pairing, describe

from . import rgbt_topics as topics
from .connections import Connections
from .images import Picture, to_array, to_bgr
from .rgbt_outputs import RgbtOutputs
from .rgbt_parameters import pairing_of
from .stamps import nanoseconds, stamp
from .statistics import Series
from .topics import Topic
from .worker import NewestWorker

_KINDS: tuple[tuple[Topic, Kind], ...] = (
    (topics.RGB, 'rgb'), (topics.THERMAL, 'thermal'))


def thermal_array(message: Image) -> Picture:
    """Return a thermal picture [H, W] of 8 or 16 bits.

    Raises:
        ValueError: Colours, an unknown encoding, or too few bytes.
    """
    picture = to_array(message)
    if picture.ndim != 2:
        raise ValueError(f'a thermal image must have one channel, but is {message.encoding}')
    return picture


class RgbtWork:
    """Pairs what arrives, segments the newest moment, and publishes.

    Each moment that was formed is counted as segmented (class_maps), or by the name of what
    became of it (DROPS), or is at work.

    Attributes:
        mode: Of the newest class map; '' before the first.
        modes: Class maps by mode.
        counters: moments, class_maps, and DROPS.
        latency_ms: From the stamp to the published class map, by the node's clock.
    """

    DROPS = ('images_unreadable', 'moments_unwatched', 'moments_superseded', 'moments_failed',
             'moments_stopped')

    def __init__(
        self, segmenter: RgbtSegmenter, outputs: RgbtOutputs, clock: Clock,
        settings: Mapping[str, Any], fault: Callable[[str], None],
    ) -> None:
        """Prepare the thread.

        Args:
            segmenter: For this one's use alone.
            outputs: Where to publish.
            clock: The node's clock.
            settings: Parameters by name, as they are at the time.
            fault: Told in one sentence what failed; called from the thread.
        """
        self._segmenter, self._outputs, self._clock = segmenter, outputs, clock
        self._settings, self._fault = settings, fault
        self._pairing: Pairing[Image] = Pairing(pairing_of(settings))
        self._worker = NewestWorker[Matched[Image]](self._segment, self._failed)
        self.mode = ''
        self.modes: Counter[str] = Counter()
        self.counters: Counter[str] = Counter(dict.fromkeys(
            ('moments', 'class_maps', *self.DROPS), 0))
        self.latency_ms = Series()

    def subscribe(self, connections: Connections) -> None:
        """Begin to listen and to work."""
        self._worker.start()
        for topic, kind in _KINDS:
            connections.subscribe(topic, partial(self._arrived, kind))

    def stop(self) -> None:
        """Finish the moment at hand and end the thread."""
        self.counters['moments_stopped'] += self._worker.stop()

    def tick(self) -> None:
        """Let pictures go on alone whose partner did not come; call it often."""
        self._take(self._pairing.due(time.monotonic_ns()))

    def measures(self) -> dict[str, str]:
        """Return counts and skew of the pairing."""
        return describe(self._pairing)

    def _arrived(self, kind: Kind, message: Image) -> None:
        self._take(self._pairing.add(
            kind, nanoseconds(message.header.stamp), time.monotonic_ns(), message))

    def _take(self, found: list[Matched[Image]]) -> None:
        for matched in found:
            self.counters['moments'] += 1
            if self._settings['lazy'] and not self._outputs.wanted():
                self.counters['moments_unwatched'] += 1
                continue
            self.counters['moments_superseded'] += self._worker.submit(matched)

    def _segment(self, matched: Matched[Image]) -> None:
        bgr = None if matched.rgb is None else to_bgr(matched.rgb)
        thermal = None if matched.thermal is None else thermal_array(matched.thermal)
        rgb = None if bgr is None else np.ascontiguousarray(bgr[..., ::-1])
        classes = self._segmenter.segment(rgb, thermal)
        source = matched.thermal if matched.rgb is None else matched.rgb
        assert source is not None
        header = Header(stamp=stamp(matched.stamp_ns), frame_id=source.header.frame_id)
        latency_ms = (self._clock.now().nanoseconds - matched.stamp_ns) / 1e6
        self._outputs.publish(header, classes, self._ground(bgr, thermal, classes), matched.mode,
                              latency_ms)
        self.latency_ms.add(latency_ms)
        self.mode = matched.mode
        self.modes[matched.mode] += 1
        self.counters['class_maps'] += 1

    @staticmethod
    def _ground(bgr: UInt8 | None, thermal: Picture | None, classes: UInt8) -> UInt8:
        if bgr is not None:
            return bgr
        assert thermal is not None
        grey = fitted(thermal_levels(thermal), classes.shape[1], classes.shape[0])
        return np.repeat(grey[..., None], 3, axis=2)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, ValueError):
            self.counters['images_unreadable'] += 1
            self._fault(f'a picture cannot be used: {error}')
            return
        self.counters['moments_failed'] += 1
        text = str(error) if isinstance(error, EventsamError) else repr(error)
        self._fault(f'a moment could not be segmented: {text}')

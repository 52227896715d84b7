# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Moments of a recording, read once and in the order of recording."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.messages import ImageRecord, PacketRecord
from eventsam_ros.evaluation.recordings import open_recording
from eventsam_ros.events.clock import SensorClock
from eventsam_ros.events.decoder import PacketDecoder
from eventsam_ros.events.ended_windows import FRAME_LIMIT, FrameWindows
from eventsam_ros.events.types import Events, UInt8, Window

from .classes import ClassTable
from .dataset import Expression, Sample
from .pictures import check_values
from .recording_truth import Topics, Truth, colours, count_truths, messages

_TOGETHER_NS = 5_000_000
"""Most time between a ground truth and the picture that is shown with it."""
_PATIENCE = 16
"""Windows and pictures that wait for each other."""
_UNREACHED = 'ground truths that no events reach'


class _Stream:
    """Packets and ground truths in, windows with their ground truth out."""

    def __init__(self, duration_ns: int | None, left_out: Counter[str]) -> None:
        self._duration = duration_ns
        self._left_out = left_out
        self._decoder: PacketDecoder | None = None
        self._policy: FrameWindows | None = None
        self._clock = SensorClock()
        self._seq: int | None = None
        self._pending: dict[int, Truth] = {}

    def packet(self, packet: PacketRecord) -> list[tuple[Window, Truth]]:
        events = self._decoded(packet)
        if len(events) == 0:
            return []
        self._clock.update(int(events.t[0]), int(events.t[-1]), packet.stamp_ns)
        assert self._policy is not None
        return self._with_truth(self._policy.push(events))

    def truth(self, truth: Truth) -> list[tuple[Window, Truth]]:
        if self._policy is None or self._clock.offset_ns is None:
            self._left_out[_UNREACHED] += 1
            return []
        end = self._clock.to_sensor(truth.stamp_ns)
        self._left_out[_UNREACHED] += end in self._pending
        self._pending[end] = truth
        if len(self._pending) > FRAME_LIMIT:
            self._pending.pop(next(iter(self._pending)))
            self._left_out[_UNREACHED] += 1
        return self._with_truth(self._policy.frame(end))

    def close(self) -> None:
        self._left_out[_UNREACHED] += len(self._pending)
        if not self._left_out[_UNREACHED]:
            del self._left_out[_UNREACHED]

    def _decoded(self, packet: PacketRecord) -> Events:
        if packet.encoding == 'trigger':
            return Events.empty()
        decoder, size = self._decoder, (packet.width, packet.height)
        if decoder is None or (decoder.encoding, decoder.size) != (packet.encoding, size):
            decoder = self._decoder = PacketDecoder(packet.encoding, *size)
            if self._policy is not None:
                raise DatasetError('encoding and size of the events must not change, but do')
            self._policy = FrameWindows(*size, self._duration)
        elif self._seq is not None and packet.seq > self._seq + 1:
            decoder.gap()
            self._left_out['packets that were not recorded'] += packet.seq - self._seq - 1
        self._seq = packet.seq
        return decoder.decode(packet.data, packet.time_base)

    def _with_truth(self, windows: list[Window]) -> list[tuple[Window, Truth]]:
        found = []
        for window in windows:
            truth = self._pending.pop(window.t_end, None)
            # Ends come in order: what is older got no window.
            for end in [end for end in self._pending if end < window.t_end]:
                del self._pending[end]
                self._left_out[_UNREACHED] += 1
            if truth is not None:
                found.append((window, truth))
        return found


@dataclass
class RecordingSequence:
    """One recording; see dataset.Sequence.

    Attributes:
        name: Name of its folder or file.
        path: The folder or file.
        topics: What is where.
        duration_ns: Length of windows; None: since the ground truth before.
        classes: What labels mean; None where they are objects.
        expressions: None.
        left_out: What got no window, what was not recorded.
    """

    name: str
    path: Path
    topics: Topics
    duration_ns: int | None
    classes: ClassTable | None
    expressions: tuple[Expression, ...] = ()
    left_out: Counter[str] = field(default_factory=Counter)
    _length: int | None = None

    def __len__(self) -> int:
        """Return the number of ground truths; those that no events reach have no sample."""
        if self._length is None:
            with open_recording(self.path) as recording:
                self._length = count_truths(recording, self.topics)
        return self._length

    def samples(self) -> Iterator[Sample]:
        """Read the moments of ground truth in order.

        Raises:
            DatasetError: A ground truth is no picture of ids, or not of the sensor's size.
            RecordingError: Damaged content.
        """
        self.left_out.clear()
        stream = _Stream(self.duration_ns, self.left_out)
        images: deque[ImageRecord] = deque(maxlen=_PATIENCE)
        ready: deque[tuple[Window, Truth]] = deque()
        with open_recording(self.path) as recording:
            for message in messages(recording, self.topics):
                if isinstance(message, ImageRecord):
                    images.append(message)
                elif isinstance(message, Truth):
                    ready.extend(stream.truth(message))
                else:
                    ready.extend(stream.packet(message))
                while ready and self._complete(ready, images):
                    yield self._sample(*ready.popleft(), images)
        stream.close()
        while ready:
            yield self._sample(*ready.popleft(), images)

    def _complete(
        self, ready: deque[tuple[Window, Truth]], images: deque[ImageRecord],
    ) -> bool:
        """Return whether the picture of the first window has come, or is not waited for."""
        stamp = ready[0][1].stamp_ns
        return (not self.topics.image or len(ready) > _PATIENCE
                or any(image.stamp_ns >= stamp for image in images))

    def _sample(self, window: Window, truth: Truth, images: deque[ImageRecord]) -> Sample:
        labels = truth.labels(f'{self.topics.truth} of {self.path}')
        if labels.shape != (window.height, window.width):
            raise DatasetError(
                f'ground truth {self.topics.truth} of {self.path} must have the {window.width} x '
                f'{window.height} pixels of the events, but has {labels.shape[1]} x '
                f'{labels.shape[0]}')
        if self.classes is not None:
            labels = check_values(self.path, labels, self.classes)
        near = min(images, key=lambda image: abs(image.stamp_ns - truth.stamp_ns), default=None)
        picture: UInt8 | None = None
        if near is not None and abs(near.stamp_ns - truth.stamp_ns) <= _TOGETHER_NS:
            picture = colours(near)
        aligned = picture is not None and picture.shape[:2] == labels.shape
        return Sample(str(truth.stamp_ns), truth.stamp_ns, window, picture, labels=labels,
                      image_to_events=aligned)

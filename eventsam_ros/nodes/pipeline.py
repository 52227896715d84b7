# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From the newest input to what is published about it, in a thread of its own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
import time
from typing import Generic, TypeVar

import rclpy

from eventsam_ros.errors import EventsamError

from . import topics
from .outputs import Scene
from .site import Site
from .statistics import Series
from .worker import NewestWorker

Item = TypeVar('Item')
WINDOWS, MOMENTS = 'windows', 'moments'
"""What is segmented: windows of events; moments, which are pictures that belong together."""


def drops(unit: str) -> tuple[str, ...]:
    """Return the names of what becomes of units that are not segmented, and of pictures."""
    return (*(f'{unit}_{fate}' for fate in (
        'unwatched', 'superseded', 'skipped_nth', 'failed', 'stopped')
        if fate != 'skipped_nth' or unit == WINDOWS), 'pictures_superseded', 'pictures_failed')


class Pipeline(Generic[Item]):
    """Segments the newest unit and publishes what it finds, pictures in a thread of their own.

    Each unit that was formed is counted as segmented, or by the name of what became of it
    (see drops), or is at work.

    Attributes:
        counters: Those that were formed by the name of the unit, masks_published (units
            segmented), masks (objects, or classes seen), and drops.
        latency_ms: From the stamp of a unit to its published mask, by the node's clock.
        processing_ms: Time that a unit was worked on until its mask was published.
        stages_ms: Sum of that time over all units by stage; publish is what no stage of the
            network explains.
    """

    def __init__(
        self, unit: str, answer: Callable[[Item], Scene],
        timings: Callable[[], Mapping[str, float]], site: Site, *,
        admits: Callable[[], bool] = lambda: True,
        published: Callable[[Item, Scene], None] = lambda _item, _scene: None,
        unusable: str = '',
    ) -> None:
        """Prepare the threads.

        Args:
            unit: WINDOWS or MOMENTS.
            answer: Segments one; called in the thread, which alone uses the network.
            timings: Returns milliseconds of each stage of the last call of the network.
            site: Where it lives.
            admits: Asked for each unit that someone listens for; False skips it (windows only).
            published: Told in the thread that the mask has just been published.
            unusable: Counts units that answer refuses by a ValueError; empty where they count as
                failed.
        """
        self._unit, self._answer, self._timings, self._site = unit, answer, timings, site
        self._admits, self._published, self._unusable = admits, published, unusable
        self._worker = NewestWorker[Item](self._segment, self._on_failure)
        # Drawing may take longer than segmenting, and the next unit shall not wait for it.
        self._artist = NewestWorker[Scene](site.outputs.publish_pictures, self._on_no_picture)
        self.counters: Counter[str] = Counter({unit: 0, 'masks_published': 0, 'masks': 0})
        self.latency_ms = Series()
        self.processing_ms = Series()
        self.stages_ms: defaultdict[str, float] = defaultdict(float)

    def start(self) -> None:
        """Begin to work."""
        self._artist.start()
        self._worker.start()

    def stop(self) -> None:
        """Finish the unit at hand and end the threads."""
        self.counters[f'{self._unit}_stopped'] += self._worker.stop()
        self.counters['pictures_superseded'] += self._artist.stop()

    def submit(self, item: Item) -> None:
        """Take a unit; one that waits is dropped for it."""
        self.counters[self._unit] += 1
        if self._site.settings['lazy'] and not self._watched():
            self.counters[f'{self._unit}_unwatched'] += 1
            return
        if not self._admits():
            self.counters[f'{self._unit}_skipped_nth'] += 1
            return
        self.counters[f'{self._unit}_superseded'] += self._worker.submit(item)

    def _watched(self) -> bool:
        try:
            return self._site.outputs.wanted()
        except Exception:
            # Ctrl-C ends the context before the threads.
            if rclpy.ok():
                raise
            return False

    def mean_stages_ms(self) -> dict[str, float]:
        """Return what each stage took in the mean of all published units, milliseconds."""
        units = max(self.counters['masks_published'], 1)
        return {name: total / units for name, total in dict(self.stages_ms).items()}

    def _segment(self, item: Item) -> None:
        start, outputs = time.perf_counter(), self._site.outputs
        scene = self._answer(item)
        outputs.publish_found(scene)
        processing_ms = (time.perf_counter() - start) * 1e3
        latency_ms = (self._site.now_ns() - scene.stamp_ns) / 1e6
        self._published(item, scene)
        self._account(scene, processing_ms, latency_ms)
        if outputs.wanted(topics.OVERLAY, topics.EVENT_IMAGE):
            self.counters['pictures_superseded'] += self._artist.submit(scene)

    def _account(self, scene: Scene, processing_ms: float, latency_ms: float) -> None:
        self.processing_ms.add(processing_ms)
        self.latency_ms.add(latency_ms)
        stages = self._timings()
        for name, spent in stages.items():
            self.stages_ms[name] += spent
        self.stages_ms['publish'] += processing_ms - sum(stages.values())
        self.counters['masks_published'] += 1
        self.counters['masks'] += len(scene.answer)
        self._site.outputs.publish_times(processing_ms, latency_ms)

    def _on_failure(self, error: Exception) -> None:
        if self._unusable and isinstance(error, ValueError):
            self._tell(self._unusable, 'a picture cannot be used', error)
        else:
            self._tell(f'{self._unit}_failed',
                       f'a {self._unit[:-1]} could not be segmented', error)

    def _on_no_picture(self, error: Exception) -> None:
        self._tell('pictures_failed', 'a picture could not be drawn', error)

    def _tell(self, name: str, what: str, error: Exception) -> None:
        if not rclpy.ok():
            return  # Ctrl-C came while it was at work; nothing can be published any more
        self.counters[name] += 1
        expected = isinstance(error, (EventsamError, ValueError))
        self._site.fault(f'{what}: {error if expected else repr(error)}')

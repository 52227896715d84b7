# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From the newest window to published masks, in a thread of its own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
import threading
import time

import rclpy
from rclpy.clock import Clock
from std_msgs.msg import Header

from eventsam_ros.errors import EventsamError
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.inference.masks import Masks
from eventsam_ros.inference.prompts import Prompt
from eventsam_ros.inference.segmenter import Segmenter

from .backgrounds import Backgrounds
from .outputs import Outputs
from .statistics import Series
from .stream import StampedWindow
from .worker import NewestWorker


@dataclass(frozen=True)
class Job:
    """A window to segment.

    Attributes:
        stamped: The window and its stamp.
        prompts: What to segment; none for automatic masks.
    """

    stamped: StampedWindow
    prompts: tuple[Prompt, ...]


@dataclass(frozen=True)
class Scene:
    """What a picture shows.

    Attributes:
        header: Of the window.
        window: Its events.
        masks: What was found in it.
        background: Camera picture of that moment, uint8 [H, W, 3], or None.
    """

    header: Header
    window: Window
    masks: Masks
    background: UInt8 | None


class Pipeline:
    """Segments the newest window and publishes what it finds, pictures in a thread of their own.

    Attributes:
        backgrounds: Pictures of the camera for the overlay.
        counters: windows, masks_published, masks and what was dropped, by name (see DROPS).
        latency_ms: From the end of a window to its published mask, by the node's clock.
        processing_ms: Time that a window was worked on until its mask was published.
        stages_ms: Sum of that time over all windows by stage; publish is what no stage of the
            segmenter explains.
    """

    DROPS = (
        'windows_superseded', 'windows_failed', 'windows_stopped', 'prompts_refused',
        'pictures_superseded')

    def __init__(
        self, segmenter: Segmenter, outputs: Outputs, clock: Clock,
        fault: Callable[[str], None],
    ) -> None:
        """Prepare the thread.

        Args:
            segmenter: For this pipeline's use alone.
            outputs: Where to publish.
            clock: The node's clock.
            fault: Told in one sentence what failed; called from the thread.
        """
        self._segmenter = segmenter
        self._outputs = outputs
        self._clock = clock
        self._fault = fault
        self._worker = NewestWorker[Job](self._segment, self._on_failure)
        # Drawing may take longer than segmenting, and the next window shall not wait for it.
        self._artist = NewestWorker[Scene](self._draw, self._on_failure)
        self._forget = threading.Event()
        self.backgrounds = Backgrounds()
        self.counters: Counter[str] = Counter(windows=0, masks_published=0, masks=0)
        self.latency_ms = Series()
        self.processing_ms = Series()
        self.stages_ms: defaultdict[str, float] = defaultdict(float)

    def start(self) -> None:
        """Begin to work."""
        self.backgrounds.clear()
        self._forget.set()
        self._artist.start()
        self._worker.start()

    def stop(self) -> None:
        """Finish the window at hand and end the thread."""
        self.counters['windows_stopped'] += self._worker.stop()
        self._artist.stop()

    def forget(self) -> None:
        """Forget all objects before the next window, as after a jump in time."""
        self._forget.set()

    def submit(self, job: Job) -> None:
        """Take a window; one that waits is dropped for it."""
        self.counters['windows'] += 1
        self.counters['windows_superseded'] += self._worker.submit(job)

    def _segment(self, job: Job) -> None:
        start = time.perf_counter()
        if self._forget.is_set():
            self._forget.clear()
            self._segmenter.reset()
        stamped = job.stamped
        try:
            masks = self._segmenter.segment(stamped.window, job.prompts or None)
        except ValueError as error:
            self.counters['prompts_refused'] += 1
            self._fault(f'prompts are refused: {error}')
            masks = self._segmenter.segment(stamped.window)
        header = self._outputs.header(stamped)
        self._outputs.publish_mask(header, masks)
        processing_ms = (time.perf_counter() - start) * 1e3
        latency_ms = (self._clock.now().nanoseconds - stamped.stamp_ns) / 1e6
        self.processing_ms.add(processing_ms)
        stages = self._segmenter.timings
        for name, spent in stages.items():
            self.stages_ms[name] += spent
        self.stages_ms['publish'] += processing_ms - sum(stages.values())
        self.latency_ms.add(latency_ms)
        self.counters['masks_published'] += 1
        self.counters['masks'] += len(masks)
        self._outputs.publish_times(processing_ms, latency_ms)
        if self._outputs.watched():
            self.counters['pictures_superseded'] += self._artist.submit(
                Scene(header, stamped.window, masks,
                      self.backgrounds.at(stamped.stamp_ns)))

    def _draw(self, scene: Scene) -> None:
        self._outputs.publish_pictures(
            scene.header, scene.window, scene.masks, scene.background)

    def _on_failure(self, error: Exception) -> None:
        if not rclpy.ok():
            return  # Ctrl-C came while a window was at work; nothing can be published any more
        self.counters['windows_failed'] += 1
        text = str(error) if isinstance(error, EventsamError) else repr(error)
        self._fault(f'a window could not be segmented: {text}')

    def mean_stages_ms(self) -> dict[str, float]:
        """Return what each stage took in the mean of all published windows, milliseconds."""
        windows = max(self.counters['masks_published'], 1)
        return {name: total / windows for name, total in dict(self.stages_ms).items()}

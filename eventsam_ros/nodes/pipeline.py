# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From the newest window to published masks, in a thread of its own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
import threading
import time
from typing import Any

import rclpy
from rclpy.clock import Clock
from std_msgs.msg import Header

from eventsam_ros.errors import EventsamError
from eventsam_ros.events.types import UInt8, Window
from eventsam_ros.inference.class_maps import ClassMap
from eventsam_ros.inference.masks import Masks
from eventsam_ros.inference.segmenter import Segmenter
from eventsam_ros.inference.semantic import SemanticSegmenter

from . import topics
from .backgrounds import Backgrounds
from .budget import Budget
from .outputs import Outputs
from .prompts import PromptBoard, Sensor
from .statistics import Series
from .stream import StampedWindow
from .worker import NewestWorker


@dataclass(frozen=True)
class Waiting:
    """A window on its way to the network.

    Attributes:
        stamped: The window.
        arrived_ns: When the message that completed it arrived, steady clock.
        formed_ns: When it was formed.
    """

    stamped: StampedWindow
    arrived_ns: int
    formed_ns: int


@dataclass(frozen=True)
class Scene:
    """What a picture shows.

    Attributes:
        header: Of the window.
        window: Its events.
        found: Masks or classes in it.
        background: Camera picture of that moment, uint8 [H, W, 3], or None.
    """

    header: Header
    window: Window
    found: Masks | ClassMap
    background: UInt8 | None


class Pipeline:
    """Segments the newest window and publishes what it finds, pictures in a thread of their own.

    Each window that was formed is counted as segmented, or by the name of what became of it
    (see DROPS), or is at work.

    Attributes:
        backgrounds: Pictures of the camera for the overlay.
        budget: Decides which windows are segmented, and measures them.
        counters: windows, masks_published (windows segmented), masks (or classes seen), and
            DROPS.
        latency_ms: From the end of a window to its published mask, by the node's clock.
        processing_ms: Time that a window was worked on until its mask was published.
        stages_ms: Sum of that time over all windows by stage; publish is what no stage of the
            segmenter explains.
    """

    DROPS = (
        'windows_unwatched', 'windows_superseded', 'windows_skipped_nth', 'windows_failed',
        'windows_stopped', 'pictures_superseded', 'pictures_failed')

    def __init__(
        self, segmenter: Segmenter | SemanticSegmenter, outputs: Outputs, board: PromptBoard,
        clock: Clock, settings: Mapping[str, Any], fault: Callable[[str], None],
    ) -> None:
        """Prepare the threads.

        Args:
            segmenter: For this pipeline's use alone.
            outputs: Where to publish.
            board: What users pointed at.
            clock: The node's clock.
            settings: Parameters by name, as they are at the time.
            fault: Told in one sentence what failed; called from the threads.
        """
        self._segmenter = segmenter
        self._outputs = outputs
        self._board = board
        self._clock = clock
        self._settings = settings
        self._fault = fault
        self._worker = NewestWorker[Waiting](
            self._segment, lambda error: self._on_failure('windows_failed', error))
        # Drawing may take longer than segmenting, and the next window shall not wait for it.
        self._artist = NewestWorker[Scene](
            self._draw, lambda error: self._on_failure('pictures_failed', error))
        self._forget = threading.Event()
        self.backgrounds = Backgrounds()
        self.budget = Budget(settings)
        self.counters: Counter[str] = Counter(windows=0, masks_published=0, masks=0)
        self.latency_ms = Series()
        self.processing_ms = Series()
        self.stages_ms: defaultdict[str, float] = defaultdict(float)

    def start(self) -> None:
        """Begin to work."""
        self._forget.set()
        self._artist.start()
        self._worker.start()

    def stop(self) -> None:
        """Finish the window at hand and end the threads."""
        self.counters['windows_stopped'] += self._worker.stop()
        self.counters['pictures_superseded'] += self._artist.stop()

    def forget(self) -> None:
        """Forget all objects before the next window, as after a jump in time."""
        self._forget.set()
        self.backgrounds.clear()
        self._board.rewind()

    def submit(self, stamped: StampedWindow, arrived_ns: int) -> None:
        """Take a window; one that waits is dropped for it.

        Args:
            stamped: The window.
            arrived_ns: When the message that completed it arrived, steady clock.
        """
        self.counters['windows'] += 1
        if self._settings['lazy'] and not self._outputs.wanted():
            self.counters['windows_unwatched'] += 1
            return
        if not self.budget.admits():
            self.counters['windows_skipped_nth'] += 1
            return
        self.counters['windows_superseded'] += self._worker.submit(
            Waiting(stamped, arrived_ns, time.monotonic_ns()))

    def mean_stages_ms(self) -> dict[str, float]:
        """Return what each stage took in the mean of all published windows, milliseconds."""
        windows = max(self.counters['masks_published'], 1)
        return {name: total / windows for name, total in dict(self.stages_ms).items()}

    def _segment(self, waiting: Waiting) -> None:
        start, begun_ns, stamped = time.perf_counter(), time.monotonic_ns(), waiting.stamped
        found, prompted = self._answer(stamped)
        header = self._outputs.header(stamped)
        self._outputs.publish_found(header, found)
        self.budget.measured(waiting.arrived_ns, waiting.formed_ns, begun_ns)
        self._account(stamped, found, (time.perf_counter() - start) * 1e3)
        if prompted and isinstance(found, Masks):
            self._board.answered(found)
        if self._outputs.wanted(topics.OVERLAY, topics.EVENT_IMAGE):
            self.counters['pictures_superseded'] += self._artist.submit(
                Scene(header, stamped.window, found, self.backgrounds.at(stamped.stamp_ns)))

    def _answer(self, stamped: StampedWindow) -> tuple[Masks | ClassMap, bool]:
        """Return what is in a window, and whether prompts asked for it.

        Classes are told window by window: there are no objects to ask for or to forget.
        """
        window = stamped.window
        if isinstance(self._segmenter, SemanticSegmenter):
            return self._segmenter.answer(window), False
        if self._forget.is_set():
            self._forget.clear()
            self._segmenter.reset()
        prompts = self._board.current(
            self._clock.now().nanoseconds, self._settings['prompts.hold_s'],
            Sensor(window.width, window.height, stamped.frame_id),
            self._settings['prompts.follow'])
        return self._segmenter.segment(window, prompts or None), bool(prompts)

    def _account(
        self, stamped: StampedWindow, found: Masks | ClassMap, processing_ms: float,
    ) -> None:
        latency_ms = (self._clock.now().nanoseconds - stamped.stamp_ns) / 1e6
        self.processing_ms.add(processing_ms)
        self.latency_ms.add(latency_ms)
        stages = self._segmenter.timings
        for name, spent in stages.items():
            self.stages_ms[name] += spent
        self.stages_ms['publish'] += processing_ms - sum(stages.values())
        self.counters['masks_published'] += 1
        self.counters['masks'] += len(found)
        self._outputs.publish_times(processing_ms, latency_ms)

    def _draw(self, scene: Scene) -> None:
        self._outputs.publish_pictures(
            scene.header, scene.window, scene.found, scene.background)

    def _on_failure(self, name: str, error: Exception) -> None:
        if not rclpy.ok():
            return  # Ctrl-C came while a window was at work; nothing can be published any more
        self.counters[name] += 1
        text = str(error) if isinstance(error, EventsamError) else repr(error)
        what = 'a window could not be segmented' if name == 'windows_failed' else (
            'a picture could not be drawn')
        self._fault(f'{what}: {text}')

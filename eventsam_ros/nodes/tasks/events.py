# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows of events to masks of objects, or to classes."""

from __future__ import annotations

from collections.abc import Mapping
import threading
import time
from typing import ClassVar

from eventsam_ros.inference.segmenter import Segmenter
from eventsam_ros.inference.semantic import SemanticSegmenter

from ..answers import Classes, Objects
from ..diagnostics import Look
from ..event_source import EventSource, Waiting, window_scene
from ..outputs import Scene
from ..parameters import options_of
from ..pipeline import WINDOWS, Pipeline, drops
from ..prompt_inputs import PromptInputs
from ..prompts import PromptBoard, Sensor
from ..site import Site
from ..stream import StampedWindow


class EventWork:
    """Segments windows; see work.Work.

    Attributes:
        source: The events.
        board: What users pointed at.
        pipeline: From windows to masks.
    """

    DROPS: ClassVar = (*EventSource.DROPS, *PromptBoard.DROPS, *drops(WINDOWS))
    RATES: ClassVar = EventSource.RATES

    def __init__(self, segmenter: Segmenter | SemanticSegmenter, site: Site) -> None:
        """Prepare; `start` begins.

        Args:
            segmenter: For this work's use alone.
            site: Where it lives.
        """
        self._segmenter, self._site = segmenter, site
        self._forget = threading.Event()
        self.board = PromptBoard()
        manifest = segmenter.bundle.manifest
        self.source = EventSource(
            site, manifest.window_ms, manifest.representation == 'eventsam', self._restarted)
        self.pipeline = Pipeline[Waiting](
            WINDOWS, self._answer, lambda: segmenter.timings, site,
            admits=self.source.budget.admits, published=self._published)
        self._prompts = PromptInputs(site, self.board, self.source.stream)
        self._begun_ns, self._prompted = 0, False

    def start(self) -> None:
        """Subscribe and begin."""
        self._forget.set()
        self.adopt()
        self.pipeline.start()
        self.source.start(self.pipeline)
        if isinstance(self._segmenter, Segmenter):
            self._prompts.subscribe()

    def stop(self) -> None:
        """Finish the window at hand and end the threads."""
        self.source.stop()
        self.pipeline.stop()

    def adopt(self) -> None:
        """Take over thresholds that were changed."""
        if isinstance(self._segmenter, Segmenter):
            self._segmenter.options = options_of(self._site.settings)

    def reset(self) -> str:
        """Forget stream, objects and prompts."""
        self.board.clear()
        self.source.reset()
        return 'stream, objects and prompts are forgotten'

    def clear_prompts(self) -> int:
        """Forget all prompts; return how many there were."""
        return self.board.clear()

    def counts(self) -> Mapping[str, int]:
        """Return what is counted of events, images and prompts."""
        return {**self.source.counts(), **self.board.counters}

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how the events are."""
        self.board.tell_refusals(self._site)
        return self.source.look(new).measuring(prompts=str(len(self.board)))

    def _restarted(self) -> None:
        self._forget.set()
        self.board.rewind()

    def _answer(self, waiting: Waiting) -> Scene:
        self._begun_ns, stamped = time.monotonic_ns(), waiting.stamped
        if isinstance(self._segmenter, Segmenter):
            return window_scene(self.source, stamped, self._objects(self._segmenter, stamped))
        # Classes are told window by window: there are no objects to ask for or to forget.
        return window_scene(
            self.source, stamped, Classes(self._segmenter.answer(stamped.window)))

    def _objects(self, segmenter: Segmenter, stamped: StampedWindow) -> Objects:
        window, settings = stamped.window, self._site.settings
        if self._forget.is_set() and stamped.epoch == self.source.stream.epoch:
            self._forget.clear()
            segmenter.reset()
        prompts = self.board.current(
            self._site.now_ns(), settings['prompts.hold_s'],
            Sensor(window.width, window.height, stamped.frame_id), settings['prompts.follow'])
        self._prompted = bool(prompts)
        return Objects(segmenter.segment(window, prompts or None))

    def _published(self, waiting: Waiting, scene: Scene) -> None:
        self.source.measured(waiting, self._begun_ns)
        followed = self._prompted and waiting.stamped.epoch == self.source.stream.epoch
        if followed and isinstance(scene.answer, Objects):
            self.board.answered(scene.answer.masks)

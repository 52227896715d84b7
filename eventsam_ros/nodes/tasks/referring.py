# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures, windows of events, or both, to masks of what sentences name."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import ClassVar

from std_msgs.msg import Header

from eventsam_ros.events.types import UInt8
from eventsam_ros.inference.referring import ReferringSegmenter

from .. import topics
from ..answers import Answer
from ..backgrounds import Seen
from ..camera_work import CameraWork
from ..diagnostics import Look
from ..event_source import EventSource, Waiting, window_scene
from ..images import rgb_of
from ..outputs import Scene
from ..pipeline import WINDOWS, Pipeline, drops
from ..sentences import SentenceBoard
from ..site import Site
from ..stamps import stamp
from ..stream import StampedWindow
from ..work import Work
from .following import Following
from .one_camera import OneCameraWork


def referring_work(segmenter: ReferringSegmenter, site: Site) -> Work:
    """Return the work of a bundle that looks at pictures, at events, or at both."""
    if segmenter.bundle.manifest.events:
        return ReferringEventWork(segmenter, site)
    return ReferringPictureWork(segmenter, site)


class ReferringPictureWork(OneCameraWork):
    """Follows what sentences name in pictures; see work.Work."""

    DROPS: ClassVar = (*CameraWork.DROPS, *SentenceBoard.DROPS)

    def __init__(self, segmenter: ReferringSegmenter, site: Site) -> None:
        """Prepare; `start` begins.

        Args:
            segmenter: For this work's use alone.
            site: Where it lives.
        """
        self._following = Following(segmenter, site)
        super().__init__(self._following, site)

    def start(self) -> None:
        """Subscribe and begin."""
        super().start()
        self._following.subscribe()

    def found(self, rgb: UInt8, stamp_ns: int) -> Answer:
        """Return the targets in a picture."""
        return self._following.segment(rgb, None, stamp_ns)

    def reset(self) -> str:
        """Forget the tracks."""
        self._following.forget()
        return 'tracks are forgotten, sentences stay'

    def clear_prompts(self) -> int:
        """Remove all targets; return how many there were."""
        return self._following.board.clear()

    def counts(self) -> Mapping[str, int]:
        """Return what is counted of pictures and targets."""
        return {**super().counts(), **self._following.counts()}

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how camera and targets are."""
        return self._following.told(super().look(new))


class ReferringEventWork:
    """Follows what sentences name in events, or in events and pictures; see work.Work.

    A window is looked at together with the newest picture that shows no later time than its end
    and is at most `image_tolerance_ms` older.

    Attributes:
        source: The events.
        pipeline: From windows to masks.
    """

    DROPS: ClassVar = (
        *EventSource.DROPS, *SentenceBoard.DROPS, *drops(WINDOWS), 'windows_unpaired')
    RATES: ClassVar = EventSource.RATES

    def __init__(self, segmenter: ReferringSegmenter, site: Site) -> None:
        """Prepare; `start` begins.

        Args:
            segmenter: For this work's use alone.
            site: Where it lives.
        """
        self._site, manifest = site, segmenter.bundle.manifest
        self._both = manifest.images
        self._following = Following(segmenter, site)
        self.source = EventSource(
            site, manifest.window_ms, manifest.representation == 'eventsam',
            self._following.forget, self._pictures)
        self.pipeline = Pipeline[Waiting](
            WINDOWS, self._answer, lambda: self._following.timings, site,
            admits=self.source.budget.admits, published=self._published,
            unusable='windows_unpaired')
        self._begun_ns = 0

    def start(self) -> None:
        """Subscribe and begin."""
        self.pipeline.start()
        self.source.start(self.pipeline)
        self._following.subscribe()

    def stop(self) -> None:
        """Finish the window at hand and end the threads."""
        self.source.stop()
        self.pipeline.stop()

    def adopt(self) -> None:
        """Do nothing: what may change is looked up when it is needed."""

    def reset(self) -> str:
        """Forget stream and tracks."""
        self.source.reset()
        return 'stream and tracks are forgotten, sentences stay'

    def clear_prompts(self) -> int:
        """Remove all targets; return how many there were."""
        return self._following.board.clear()

    def counts(self) -> Mapping[str, int]:
        """Return what is counted of events, images and targets."""
        return {**self.source.counts(), **self._following.counts()}

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how events and targets are."""
        return self._following.told(self.source.look(new))

    def _pictures(self) -> bool:
        return self._both or self.source.drawn_over()

    def _answer(self, waiting: Waiting) -> Scene:
        self._begun_ns, stamped = time.monotonic_ns(), waiting.stamped
        seen = self._together(stamped) if self._both else None
        found = self._following.segment(
            None if seen is None else rgb_of(seen.picture), stamped.window, stamped.stamp_ns,
            stamped.epoch == self.source.stream.epoch)
        if seen is None:
            return window_scene(self.source, stamped, found)
        # The mask is in the pixels of the picture.
        header = Header(stamp=stamp(stamped.stamp_ns), frame_id=seen.frame_id)
        return Scene(header, stamped.stamp_ns, found, lambda: seen.picture, stamped.window)

    def _together(self, stamped: StampedWindow) -> Seen:
        tolerance_ms = self._site.settings['image_tolerance_ms']
        seen = self.source.backgrounds.until(stamped.stamp_ns, round(tolerance_ms * 1e6))
        if seen is None:
            raise ValueError(f'no image on {topics.IMAGE.name} shows the last {tolerance_ms:g} ms '
                             'before the end of the window')
        return seen

    def _published(self, waiting: Waiting, _scene: Scene) -> None:
        self.source.measured(waiting, self._begun_ns)

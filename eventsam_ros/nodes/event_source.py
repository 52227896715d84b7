# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Events from their topic to windows, within the budget of time and memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
import time

from diagnostic_msgs.msg import DiagnosticStatus
from std_msgs.msg import Header

from . import topics
from .answers import Answer
from .backgrounds import Backgrounds
from .budget import Budget
from .connections import QUIET_S
from .decoding import Decoding
from .diagnostics import Concern, Look, silence
from .inputs import Inputs
from .outputs import Scene
from .packet_queue import PacketQueue
from .pipeline import Pipeline
from .policies import policy_factory
from .shedding import advice
from .site import Site
from .stamps import stamp
from .stream import EventStream, StampedWindow

RESTARTS_LIMIT = 3
"""A stream that begins anew more often between two reports has more than one publisher."""


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


def window_scene(source: EventSource, stamped: StampedWindow, answer: Answer) -> Scene:
    """Return what was found in a window, in its sensor's frame."""
    picture = source.backgrounds.at(stamped.stamp_ns)
    header = Header(stamp=stamp(stamped.stamp_ns), frame_id=stamped.frame_id)
    return Scene(header, stamped.stamp_ns, answer, lambda: picture, stamped.window)


class EventSource:
    """Listens to events, decodes them in a thread, and hands windows on.

    Attributes:
        budget: Decides which windows are segmented, and measures them.
        backgrounds: Pictures of the camera.
        stream: The events; its methods are called in the thread only.
        decoding: The thread.
        inputs: The topics.
    """

    DROPS = (*EventStream.DROPS, *Decoding.DROPS, *Inputs.DROPS)
    RATES: Mapping[str, str] = {
        'events_per_s': 'events', 'packets_per_s': 'packets', 'windows_per_s': 'masks_published',
        'images_per_s': 'images'}

    def __init__(
        self, site: Site, window_ms: float, keep_events: bool, restarted: Callable[[], None],
        pictures: Callable[[], bool] | None = None,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            site: Where it lives.
            window_ms: Length of the windows that the bundle was trained on.
            keep_events: As EventStream takes it.
            restarted: Told in the thread that the stream began anew.
            pictures: Says whether the camera's pictures are needed now; None where they are
                drawn over only.
        """
        self._site, self._forget = site, restarted
        self.budget, self.backgrounds = Budget(site.settings), Backgrounds()
        self.stream = EventStream(policy_factory(site.settings, window_ms), keep_events)
        self.decoding = Decoding(
            self.stream, PacketQueue(round(site.settings['overload.queue_mb'] * 1e6)),
            self.budget, self._formed, self._restarted, site.fault)
        self.inputs = Inputs(
            site, self.decoding, self.backgrounds, pictures or self.drawn_over)
        self._pipeline: Pipeline[Waiting] | None = None

    def start(self, pipeline: Pipeline[Waiting]) -> None:
        """Begin to decode and to listen.

        Args:
            pipeline: Takes the windows.
        """
        self._pipeline = pipeline
        self.decoding.start()
        self.inputs.subscribe()

    def stop(self) -> None:
        """Finish the packet at hand and end the thread."""
        self.inputs.stop()
        self.decoding.stop()

    def drawn_over(self) -> bool:
        """Return whether someone looks at masks over the camera's pictures."""
        return bool(self._site.settings['use_images'] and self._site.outputs.wanted(
            topics.OVERLAY))

    def reset(self) -> None:
        """Forget the stream behind what has come so far."""
        self.inputs.reset()

    def measured(self, waiting: Waiting, begun_ns: int) -> None:
        """Take note of a window whose mask has just been published; see Budget.measured."""
        self.budget.measured(waiting.arrived_ns, waiting.formed_ns, begun_ns)

    def counts(self) -> Mapping[str, int]:
        """Return what is counted of the events and of the images."""
        streamed = Counter(self.decoding.counts())
        streamed.update(self.inputs.counts())
        del streamed['windows']   # the pipeline counts them, when they come to it
        return streamed

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how the events are.

        Args:
            new: Growth of all counters since the last look.
        """
        last_s, stale_s = self.inputs.last_packet_s, self._site.settings['diagnostics.stale_s']
        silent_s = None if last_s is None else time.monotonic() - last_s
        concern, restarts = silence(silent_s, stale_s, 'event packet'), new['stream_restarts']
        if concern is None and restarts > RESTARTS_LIMIT:
            concern = Concern(DiagnosticStatus.WARN, (
                f'the event stream began anew {restarts} times since the last report; is there '
                'more than one publisher of it?'))
        overload = advice(self._site.settings, new, new['masks_published'], new['events'],
                          self.budget.inside_ms())
        measures = {**self.inputs.measures(), **self.decoding.measures(),
                    **self.budget.measures()}
        return Look(silent_s, measures, concern, overload, self.stream.format,
                    idle='nobody listens; events are decoded only')

    def _formed(self, stamped: StampedWindow, arrived_ns: int) -> None:
        assert self._pipeline is not None
        self._pipeline.submit(Waiting(stamped, arrived_ns, time.monotonic_ns()))

    def _restarted(self) -> None:
        self._site.node.get_logger().info(
            'the event stream began anew', throttle_duration_sec=QUIET_S)
        self.backgrounds.clear()
        self._forget()

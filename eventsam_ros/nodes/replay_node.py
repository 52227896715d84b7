# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Plays a recording onto the ROS graph, from any storage that rosbags reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import islice
import json
from pathlib import Path
import threading
import time
from typing import Any

import rclpy
from rclpy.exceptions import NameValidationException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from eventsam_ros.errors import EventsamError
from eventsam_ros.evaluation.recordings import RecordedMessage, Recording, open_recording

from . import qos
from .cdr import begins_with_header, has_stamp, stamp_of, with_stamp
from .files import whole
from .replay_parameters import PARAMETERS
from .running import ros
from .stamps import SECOND_NS, stamp
from .timeline import Timeline

CURRENT_NAMES = {'event_array_msgs/msg/EventArray': 'event_camera_msgs/msg/EventPacket'}
"""Types that are published under the name that the same layout has today."""
_LATE_S = 0.05
_SKEW_PACKETS = 100
_MATCH_S = 0.3
"""Time that a subscription gets to know this publisher: what comes before that, it drops."""
_FLUSH_S = 0.5
"""Time that the middleware gets to deliver the last messages."""


class ReplayNode(Node):
    """Publishes what was recorded, under the recorded names and at the recorded pace."""

    def __init__(self, **options: Any) -> None:
        """Open the recording.

        Args:
            options: Of rclpy's Node.

        Raises:
            EventsamError: The recording cannot be read, or a parameter is wrong.
        """
        # rclpy destroys the node at shutdown, even one whose constructor failed.
        self._recording: Recording | None = None
        super().__init__('replay_node', **options)
        for parameter in PARAMETERS:
            self.declare_parameter(parameter.name, parameter.default, parameter.descriptor())
        given = {p.name: self.get_parameter(p.name).value for p in PARAMETERS}
        recording, self._summary = str(given['recording']), str(given['summary'])
        self._rate, self._times = float(given['rate']), int(given['times'])
        self._start_s, self._wait_s = float(given['start_offset_s']), float(given['wait_s'])
        self._clock_hz, self._stamps = float(given['clock_hz']), str(given['stamps'])
        self.counters: Counter[str] = Counter(messages=0, packets=0, late=0, rounds=0, damaged=0)
        if not recording:
            raise EventsamError('no recording was given; set the parameter recording to its path')
        for parameter in PARAMETERS:
            refusal = parameter.refusal(given[parameter.name])
            if refusal:
                raise EventsamError(refusal)
        self._recording = opened = open_recording(Path(recording))
        self._publishers_of: dict[str, Any] = {}
        self._stamped_topics: set[str] = set()
        self._clock_publisher = (self.create_publisher(Clock, '/clock', qos.clock())
                       if self._clock_hz else None)
        self._clock_due_ns = 0
        for topic, name in opened.topics.items():
            self._add(topic, CURRENT_NAMES.get(name, name))
        self._event_topics = [t for t in opened.event_topics if t in self._publishers_of]
        self._skew_ns = self._clock_skew(opened)
        self._shift_ns = 0

    def play(self) -> None:
        """Play the recording as often as asked, and write the summary."""
        self._wait()
        begun = time.monotonic()
        while self._times == 0 or self.counters['rounds'] < self._times:
            self._play_once()
            self.counters['rounds'] += 1
        seconds = time.monotonic() - begun
        if self.counters['late']:
            self.get_logger().warning(
                f'{self.counters["late"]} of {self.counters["messages"]} messages were more than '
                f'{_LATE_S * 1e3:.0f} ms late')
        if self.counters['damaged']:
            self.get_logger().warning(
                f'{self.counters["damaged"]} messages were left out: they are too short for '
                'their types')
        time.sleep(_FLUSH_S)
        if self._summary:
            with whole(Path(self._summary)) as path:
                path.write_text(json.dumps(
                    {**self.counters, 'seconds': seconds, 'stamp_shift_ns': self._shift_ns}),
                    'utf-8')

    def destroy_node(self) -> None:
        """Close the recording before the node goes."""
        if self._recording is not None:
            self._recording.close()
        super().destroy_node()

    def _add(self, topic: str, name: str) -> None:
        package, _, kind = name.partition('/msg/')
        try:
            message_type = getattr(import_module(f'{package}.msg'), kind)
        except (ImportError, AttributeError):
            self.get_logger().warning(f'{topic} is left out: {name} is not installed')
            return
        try:
            self._publishers_of[topic] = self.create_publisher(
                message_type, topic, qos.replay(), qos_overriding_options=qos.overridable())
        except NameValidationException as error:
            self.get_logger().warning(f'{topic} is left out: {error}'.replace('\n', ' '))
            return
        if begins_with_header(message_type):
            self._stamped_topics.add(topic)

    def _wait(self) -> None:
        events = [self._publishers_of[t] for t in self._event_topics]
        end = time.monotonic() + self._wait_s
        while events and time.monotonic() < end:
            if any(p.get_subscription_count() for p in events):
                time.sleep(_MATCH_S)
                return
            time.sleep(0.02)
        if self._wait_s:
            self.get_logger().warning(f'nobody subscribed within {self._wait_s:g} s')

    def _messages(self) -> Iterator[RecordedMessage]:
        """Return the messages that can be published, from the start offset on."""
        assert self._recording is not None
        begin: int | None = None
        for message in self._recording.messages(
                sorted(self._publishers_of), parsed=False):
            if message.topic in self._stamped_topics and not has_stamp(message.raw):
                self.counters['damaged'] += 1
                continue
            begin = message.log_time_ns if begin is None else begin
            if message.log_time_ns - begin >= self._start_s * SECOND_NS:
                yield message

    def _play_once(self) -> None:
        timeline: Timeline | None = None
        for message in self._messages():
            time_ns = self._time_of(message)
            if timeline is None:
                timeline = Timeline(time_ns, time.time_ns(), self._rate)
                if self._stamps == 'now':
                    # What stamps are moved by, exactly, where the rate is 1.
                    self._shift_ns = timeline.begun_ns - time_ns + self._skew_ns
            due_ns = timeline.playing_ns(time_ns)
            self._sleep_until(due_ns, timeline)
            self.counters['late'] += time.time_ns() - due_ns > _LATE_S * SECOND_NS
            raw = message.raw
            if self._restamps(message.topic):
                raw = with_stamp(raw, due_ns)
            self._publishers_of[message.topic].publish(bytes(raw))
            self.counters['messages'] += 1
            self.counters['packets'] += message.kind == 'events'
        if timeline is None:
            path = self.get_parameter('recording').value
            raise EventsamError(f'nothing of {path} can be played: it has no message of an '
                                f'installed type after {self._start_s:g} s')

    def _restamps(self, topic: str) -> bool:
        return self._stamps == 'now' and topic in self._stamped_topics

    def _time_of(self, message: RecordedMessage) -> int:
        """Return when a message is due by the recorder's clock, ns.

        With new stamps that is its stamp, as the driver sent it and not as the recorder got it
        (which may be late, and everything at once when it had just started); a stamp that is far
        from the time of recording says nothing.
        """
        if self._restamps(message.topic):
            stamp_ns = stamp_of(message.raw) + self._skew_ns
            if abs(stamp_ns - message.log_time_ns) < SECOND_NS:
                return stamp_ns
        return message.log_time_ns

    def _clock_skew(self, recording: Recording) -> int:
        """Return how far the recorder's clock was ahead of the drivers', ns.

        They can be years apart, as in a recording of a recording. All topics are moved alike, so
        that the stamps of events, pictures and masks still agree.
        """
        topics = [t for t in recording.event_topics if t in self._stamped_topics]
        first = islice(recording.messages(topics, parsed=False), _SKEW_PACKETS) if topics else ()
        return min((m.log_time_ns - stamp_of(m.raw) for m in first if has_stamp(m.raw)), default=0)

    def _sleep_until(self, due_ns: int, timeline: Timeline) -> None:
        while rclpy.ok():
            left_ns = due_ns - time.time_ns()
            self._tick(timeline)
            if left_ns <= 0:
                return
            step = 1 / self._clock_hz if self._clock_publisher is not None else 0.1
            time.sleep(min(left_ns / SECOND_NS, step))
        raise ExternalShutdownException

    def _tick(self, timeline: Timeline) -> None:
        now_ns = time.time_ns()
        if self._clock_publisher is None or now_ns < self._clock_due_ns:
            return
        self._clock_due_ns = now_ns + round(SECOND_NS / self._clock_hz)
        # The time of the stamps, which may be years from that of the recording.
        shown = now_ns if self._stamps == 'now' else timeline.recorded_ns - self._skew_ns + round(
            (now_ns - timeline.begun_ns) * timeline.rate)
        self._clock_publisher.publish(Clock(clock=stamp(shown)))


def main(args: Sequence[str] | None = None) -> int:
    """Play a recording; return the exit code: 0 at its end or after Ctrl-C.

    Raises:
        EventsamError: The recording cannot be read, or a parameter is wrong.
    """
    node: ReplayNode | None = None
    # Parameters and graph queries are answered while the recording plays.
    with ros(args):
        if not rclpy.ok():
            return 0
        executor = SingleThreadedExecutor()
        answers = threading.Thread(target=_spin, args=(executor,), name='answers')
        try:
            node = ReplayNode()
            executor.add_node(node)
            answers.start()
            node.play()
        finally:
            executor.shutdown()
            if answers.ident is not None:
                answers.join()
            if node is not None:
                node.destroy_node()
    return 0


def _spin(executor: SingleThreadedExecutor) -> None:
    with suppress(ExternalShutdownException):
        executor.spin()

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a demo will play, checked before any process starts."""

from __future__ import annotations

from dataclasses import dataclass
import math
from pathlib import Path
import re

from eventsam_ros.errors import EventsamError, RecordingError
from eventsam_ros.evaluation.recordings import PacketRecord, Recording, open_recording
from eventsam_ros.events import ENCODINGS
from eventsam_ros.inference.bundle import Bundle, load_bundle
from eventsam_ros.inference.graphs import open_engines

TRUTH = 'ground_truth'
MOST_ROUNDS = 8
IN_STEP_NS = 2_000_000_000
_NAME = re.compile(r'(/[A-Za-z_]\w*)+', re.ASCII)
"""Topics of ROS 2, which older recordings and other tools do not keep to."""


@dataclass(frozen=True)
class Plan:
    """One demo.

    Attributes:
        recording: Path of what is played.
        simulated: Whether it was made for this run.
        bundle: What segments.
        output: Folder for the results.
        events: Topic of the events.
        image: Topic of a camera whose frames end the windows, or None.
        truth: Topic of ground-truth masks, or None.
        encoding: Encoding of the events.
        width: Sensor columns.
        height: Sensor rows.
        seconds: Length of the recording.
        rounds: How often it is played.
        film: Whether the overlay is drawn and filmed.
        keep_masks: Whether every mask is kept in a file, instead of a film and figures.
        window_ms: Length of windows, ms; 0 takes what the bundle was trained on.
    """

    recording: Path
    simulated: bool
    bundle: Bundle
    output: Path
    events: str
    image: str | None
    truth: str | None
    encoding: str
    width: int
    height: int
    seconds: float
    rounds: int
    film: bool = True
    keep_masks: bool = False
    window_ms: float = 0.0


def check_bundle(path: Path | None) -> Bundle:
    """Return a bundle whose files and graphs check out.

    Raises:
        EventsamError: It does not.
    """
    bundle = load_bundle(path)
    for engine in open_engines(bundle):
        engine.close()
    return bundle


def plan(
    path: Path, bundle: Bundle, output: Path, short_s: float, simulated: bool, events: str = '',
) -> Plan:
    """Look into a recording and decide how it is played.

    Args:
        path: The recording.
        bundle: What segments.
        output: Folder for the results.
        short_s: Recordings shorter than this are played until they make up that time.
        simulated: Whether the recording was made for this run.
        events: Topic of the events; empty takes the first that has some.

    Raises:
        EventsamError: The recording cannot be read or has no events that can be decoded.
    """
    with open_recording(path) as recording:
        first = _first_packet(recording, path, events)
        topic = events or recording.main_events
        images, truths = _split_images(recording)
        images = [topic for topic in images if _is_in_step(recording, topic, first.stamp_ns)]
        seconds = max(recording.duration_ns / 1e9, 1e-3)
    if first.encoding not in ENCODINGS:
        raise EventsamError(f'events of {path} have the encoding {first.encoding!r}; known are '
                            f'{", ".join(ENCODINGS)}')
    if _NAME.fullmatch(topic) is None or '__' in topic:
        raise EventsamError(f'the topic {topic!r} of {path} is no name that ROS 2 allows, which '
                            'has letters, digits and single underscores, and no digit first')
    if not (first.width and first.height):
        raise EventsamError(f'events of {path} name no sensor size, but got '
                            f'{first.width}x{first.height}')
    return Plan(
        path, simulated, bundle, output, topic,
        images[0] if images else None, truths[0] if truths else None, first.encoding,
        first.width, first.height, seconds,
        min(max(1, math.ceil(short_s / seconds)), MOST_ROUNDS))


def _first_packet(recording: Recording, path: Path, topic: str) -> PacketRecord:
    if not recording.event_topics:
        raise EventsamError(f'recording {path} has no event topic, only '
                            f'{", ".join(recording.topics) or "no topics"}')
    first = recording.first_packet(topic or None)
    if first is None:
        raise EventsamError(f'recording {path} has no event packets')
    return first


def _split_images(recording: Recording) -> tuple[list[str], list[str]]:
    truths = [topic for topic in recording.image_topics if TRUTH in topic]
    raw = [topic for topic in recording.image_topics
           if topic not in truths and recording.topics[topic].endswith('/Image')]
    return raw, truths


def _is_in_step(recording: Recording, topic: str, stamp_ns: int) -> bool:
    """Say whether a camera's stamps are of the same clock as the events', so that windows fit."""
    try:
        image = next(recording.images(topic), None)
    except RecordingError:  # an encoding that nobody here can read
        return False
    return image is not None and abs(image.stamp_ns - stamp_ns) < IN_STEP_NS

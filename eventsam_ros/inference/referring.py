# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Follows what sentences name, frame by frame, in pictures, in events, or in both.

Nothing but a track token of 256 numbers a target is carried from one frame to the next (RefSAM,
arXiv 2307.00997), so that answers depend on what was seen so far alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import time
from types import MappingProxyType

import numpy as np

from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Bool, Float32, UInt8, Window

from .engines import EngineOptions
from .letterbox import Letterbox
from .referring_bundle import (
    LOW_RES,
    MOST_TARGETS,
    ReferringBundle,
    ReferringManifest,
    checked_words,
)
from .referring_graphs import open_referring
from .referring_targets import Encoded, Target, Targets, decoder_inputs
from .rgbt_input import colour_input

STAGES = ('text', 'tensor', 'encode', 'decode', 'post')
"""Names in `ReferringSegmenter.timings`."""


@dataclass(frozen=True)
class Found:
    """What was found of one target in one frame.

    Attributes:
        name: Of the target.
        sentence: That names it.
        id: 1 to 65534; stays while the target lives.
        mask: bool [H, W] in the pixels of the picture, or of the sensor where the bundle looks
            at events alone; no pixel where it is not found.
        score: How sure the network is, 0 to 1.
        found: Whether there is a mask and the score reaches the bundle's threshold.
    """

    name: str
    sentence: str
    id: int
    mask: Bool
    score: float
    found: bool


def network_inputs(
    m: ReferringManifest, picture: UInt8 | None, window: Window | None,
) -> tuple[dict[str, Float32], Letterbox]:
    """Return what the encoder takes, and where the picture (or the sensor) lies in it.

    Args:
        m: For modalities, size and normalisation.
        picture: uint8 [H, W, 3] RGB, or None.
        window: Events of the registered sensor: the same view, whatever its pixels; or None.

    Raises:
        ValueError: What the bundle looks at is missing, is no such picture, or the two have
            other proportions.
    """
    if m.images and picture is None:
        raise ValueError(f'{m.name} looks at {m.modalities}, but the colour picture is missing')
    if m.events and window is None:
        raise ValueError(f'{m.name} looks at {m.modalities}, but the window of events is missing')
    inputs: dict[str, Float32] = {}
    boxes: list[Letterbox] = []
    if m.images and picture is not None:
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise ValueError('a colour picture must be [height, width, 3] of uint8, but got '
                             f'{list(picture.shape)} of {picture.dtype}')
        box = Letterbox(picture.shape[1], picture.shape[0], m.width, m.height, LOW_RES)
        inputs['image'] = box.tensor(
            colour_input(picture, box), m.image_mean, m.image_std, 'zero')
        boxes.append(box)
    if m.events and window is not None:
        box = Letterbox(window.width, window.height, m.width, m.height, LOW_RES)
        inputs['events'] = box.tensor(
            window_image(window, m.representation, *box.content), m.event_mean, m.event_std)
        boxes.append(box)
    if len({box.cells for box in boxes}) > 1:
        one, two = boxes
        raise ValueError(
            f'registered cameras have the same proportions, but the colour picture is '
            f'{one.width}x{one.height} and the event sensor {two.width}x{two.height}')
    return inputs, boxes[0]


class ReferringSegmenter:
    """Runs a bundle of task `referring`; for use from one thread.

    Attributes:
        bundle: What it runs.
        timings: Milliseconds that each of STAGES took: `text` in the last `add`, the others in
            the last `segment`; 0 where one did not run.
        resets: How often all tracks were forgotten because of the stamps.
    """

    def __init__(
        self, bundle: ReferringBundle, engine: str = 'auto', threads: int | None = None,
        compiling: EngineOptions | None = None,
    ) -> None:
        """Load the graphs of a bundle.

        Args:
            bundle: From `load_referring_bundle`.
            engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
            threads: Processor threads for one operator; None leaves it to the back end.
            compiling: Settings of back ends that compile graphs; None takes the defaults.

        Raises:
            BundleError: A graph does not fit its manifest, or the words cannot be read.
            EngineError: The back end is unknown or missing, or cannot load a graph.
            ValueError: Less than one thread.
        """
        self.bundle = bundle
        self.timings = dict.fromkeys(STAGES, 0.0)
        self.resets = 0
        self._words = checked_words(bundle)
        self._encoder, self._text, self._decoder = open_referring(
            bundle, engine, threads, compiling)
        self._targets = Targets(self._encode_sentence)
        self._last_ns: int | None = None

    @property
    def engine_description(self) -> str:
        """Return the back end with its version and device, and why no faster one was taken."""
        reasons = '; '.join(self._encoder.passed_over)
        return self._encoder.description + (f' (passed over: {reasons})' if reasons else '')

    @property
    def targets(self) -> MappingProxyType[str, str]:
        """Return what is followed: name -> sentence."""
        return MappingProxyType({target.name: target.sentence for target in self._targets.all})

    def unknown_words(self, sentence: str) -> tuple[str, ...]:
        """Return the words of a sentence that the bundle has never seen."""
        return self._words.unknown(sentence)

    def add(self, name: str, sentence: str) -> None:
        """Follow what a sentence names.

        The sentence is encoded once. A new sentence under a known name keeps its id and resets
        its track; the same sentence again changes nothing.

        Raises:
            ValueError: No name, an empty sentence, or too many targets; one sentence says which.
            EngineError: The back end failed.
        """
        self.timings['text'] = 0.0
        self._targets.add(name, sentence)

    def remove(self, name: str) -> bool:
        """Stop following a target; tell whether there was one of that name."""
        return self._targets.remove(name)

    def clear(self) -> int:
        """Stop following all targets; return how many there were."""
        return self._targets.clear()

    def reset(self, name: str | None = None) -> None:
        """Forget the track of a target, or of all of them; sentences and ids stay.

        Raises:
            ValueError: There is no such target.
        """
        self._targets.reset(name)
        if name is None:
            self._last_ns = None

    def segment(
        self, picture: UInt8 | None, window: Window | None, stamp_ns: int,
    ) -> tuple[Found, ...]:
        """Look for all targets in a frame.

        A gap of more than the bundle's `gap_s` between stamps, or time going back, forgets all
        tracks first.

        Args:
            picture: uint8 [H, W, 3] RGB; None where the bundle looks at events alone.
            window: Events of the registered sensor; None where it looks at pictures alone.
            stamp_ns: Time of the frame, nanoseconds.

        Returns:
            One answer a target, in the order in which they were added. Of events alone, a window
            without any tells nothing: no target is found and the tracks stay as they are.

        Raises:
            EngineError: The back end failed; tracks are as before the call.
            ValueError: A picture or window is missing or does not fit.
        """
        self.timings = {**dict.fromkeys(STAGES, 0.0), 'text': self.timings['text']}
        m = self.bundle.manifest
        with self._timed('tensor'):
            inputs, box = network_inputs(m, picture, window)
        self._note_time(stamp_ns)
        targets = self._targets.all
        if not targets:
            return ()
        if not m.images and window is not None and not len(window):
            return tuple(self._answer(target, box, None, 0.0) for target in targets)
        with self._timed('encode'):
            seen = self._encoder.run(inputs)
        found: list[Found] = []
        tracks: list[Float32] = []
        for first in range(0, len(targets), MOST_TARGETS):
            some = targets[first:first + MOST_TARGETS]
            with self._timed('decode'):
                result = self._decoder.run({**seen, **decoder_inputs(some, m.track)})
            if m.track:
                tracks += [np.array(track) for track in result['next_track']]
            with self._timed('post'):
                found += [self._answer(target, box, logits[0], float(score))
                          for target, logits, score in zip(
                              some, result['low_res_masks'], result['scores'], strict=True)]
        for target, track in zip(targets, tracks, strict=False):
            target.track = track
        return tuple(found)

    def warm_up(self) -> None:
        """Look for a made-up target in a blank frame, so that the first real one is fast.

        Targets and tracks stay as they are.
        """
        m = self.bundle.manifest
        example = self._encode_sentence('a')
        target = Target('warm up', 'a', 1, example)
        inputs: dict[str, Float32] = {
            name: np.zeros((1, 3, m.height, m.width), np.float32)
            for name, there in (('image', m.images), ('events', m.events)) if there}
        result = self._decoder.run(
            {**self._encoder.run(inputs), **decoder_inputs([target], m.track)})
        box = Letterbox(m.width, m.height, m.width, m.height, LOW_RES)
        self._answer(target, box, result['low_res_masks'][0, 0], 0.0)

    def close(self) -> None:
        """Free the graphs; nothing but `close` works from here on."""
        for graph in (self._encoder, self._text, self._decoder):
            graph.close()

    def _encode_sentence(self, sentence: str) -> Encoded:
        with self._timed('text'):
            ids, mask = self._words.encode(sentence)
            result = self._text.run({'ids': ids.astype(np.float32), 'mask': mask})
        return Encoded(result['words'], mask, result['sentence'])

    def _note_time(self, stamp_ns: int) -> None:
        last, self._last_ns = self._last_ns, stamp_ns
        if last is not None and not 0 <= stamp_ns - last <= self.bundle.manifest.gap_s * 1e9:
            self._targets.reset()
            self.resets += 1

    def _answer(
        self, target: Target, box: Letterbox, logits: Float32 | None, expected: float,
    ) -> Found:
        """Return what a target's logits [h, w] say; None says nothing."""
        m = self.bundle.manifest
        mask = np.zeros((box.height, box.width), np.bool_)
        score = 0.0
        if logits is not None:
            cut = np.ascontiguousarray(box.cut(logits))
            drawn = box.upscale(cut - np.float32(m.mask_threshold))
            score = (mask_score(cut, m.mask_threshold) if m.score == 'mask'
                     else float(np.clip(expected, 0, 1)))
            if score >= m.threshold:
                mask = drawn
        found = bool(mask.any())
        return Found(target.name, target.sentence, target.id, mask, score, found)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.timings[stage] += (time.perf_counter() - start) * 1e3


def mask_score(logits: Float32, threshold: float = 0.0) -> float:
    """Return the mean probability over the pixels of a mask; 0 where it has none.

    Args:
        logits: float32 [h, w].
        threshold: Logit above which a pixel is mask.
    """
    inside = logits[logits > threshold]
    if not inside.size:
        return 0.0
    return float(np.mean(1 / (1 + np.exp(-inside))))

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Windows of events to masks, by prompts or by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import time

import numpy as np

from eventsam_ros.errors import BundleError
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Bool, Events, Float32, Window

from .activity import cell_events, event_activity
from .automatic import select_masks
from .bundle import Bundle
from .engines import EngineOptions
from .graphs import open_engines
from .letterbox import Letterbox
from .masks import Masks
from .options import AutomaticOptions
from .packing import BATCH, PackedPrompts, pack_clicks, pack_prompts
from .prompts import Box, Point, Prompt, assign_ids, check_prompts
from .proposals import event_points, grid_points
from .shapes import OUTPUTS
from .tracks import Tracks

STAGES = ('propose', 'tensor', 'encode', 'decode', 'post')
"""Names in `Segmenter.timings`; encode and decode are the network, the rest is not."""


class Segmenter:
    """Segments the windows of one sensor with one bundle; for use from one thread.

    Attributes:
        bundle: What it runs.
        timings: Milliseconds that each of STAGES took in the last call; 0 where it did not run.
    """

    def __init__(
        self, bundle: Bundle, engine: str = 'auto', threads: int | None = None,
        options: AutomaticOptions | None = None, compiling: EngineOptions | None = None,
    ) -> None:
        """Load the graphs of a bundle.

        Args:
            bundle: From `load_bundle`, of task 'events'.
            engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
            threads: Processor threads for one operator; None leaves it to the back end.
            options: Settings of automatic masks; None takes the defaults.
            compiling: Settings of back ends that compile graphs; None takes the defaults.

        Raises:
            BundleError: The bundle is for another task, or its graphs do not fit its manifest.
            EngineError: The back end is unknown or missing, or cannot load a graph.
            ValueError: An option is out of its range.
        """
        if bundle.manifest.task != 'events':
            raise BundleError(f'{bundle.path} is for the task {bundle.manifest.task}, '
                              'but the segmenter of events needs a bundle of task events')
        self.options = options or AutomaticOptions()
        self.bundle = bundle
        self.timings = dict.fromkeys(STAGES, 0.0)
        self._encoder, self._decoder = open_engines(bundle, engine, threads, compiling)
        self._tracks = Tracks()
        self._embedded: tuple[Window, Float32] | None = None

    @property
    def options(self) -> AutomaticOptions:
        """Return the settings of automatic masks; they may be replaced between calls."""
        return self._options

    @options.setter
    def options(self, options: AutomaticOptions) -> None:
        options.validate()
        self._options = options

    @property
    def engine_name(self) -> str:
        """Return the name of the back end that runs the graphs."""
        return self._encoder.name

    @property
    def engine_description(self) -> str:
        """Return the back end with its version and device, and why no faster one was taken."""
        reasons = '; '.join(self._encoder.passed_over)
        return self._encoder.description + (f' (passed over: {reasons})' if reasons else '')

    def reset(self) -> None:
        """Forget all objects and the last embedding, as after a jump in time."""
        self._tracks.reset()
        self._embedded = None

    def close(self) -> None:
        """Free the graphs; nothing but `close` works from here on."""
        self.reset()
        self._encoder.close()
        self._decoder.close()

    def warm_up(self, width: int, height: int) -> None:
        """Segment a made-up window once, so that the first real one is fast.

        Everything that a window may need is loaded and compiled: proposals, network, filters,
        masks and prompts. Objects are forgotten before and after.

        Args:
            width: Sensor columns.
            height: Sensor rows.
        """
        self.reset()
        window = _busy_window(width, height, 2 * self.options.min_window_events)
        letterbox = self._letterbox(window)
        embedding = self.embed(window)
        # As many clicks as there may be: back ends set memory aside for them.
        points = np.zeros((self.options.prompts, 2), np.float32)
        for packed in self._clicks(points, letterbox):
            self._decode(embedding, packed)
        self.segment(window)
        # Sensors larger than the network's input take another way to its tensor.
        m = self.bundle.manifest
        self.segment(_busy_window(2 * m.width, 2 * m.height, 2 * self.options.min_window_events))
        click = Prompt(points=(Point(width // 2, height // 2),))
        self.segment(window, [click, Prompt(box=Box(0, 0, width, height))])
        self.reset()

    def embed(self, window: Window) -> Float32:
        """Return the embedding of a window and keep it for `segment` of the same window.

        Returns:
            float32 [1, channels, h, w]; not to be written to.
        """
        if self._embedded is None or self._embedded[0] is not window:
            self._embedded = window, self._embed(window, self._letterbox(window))
        return self._embedded[1]

    def segment(self, window: Window, prompts: Sequence[Prompt] | None = None) -> Masks:
        """Segment a window.

        Args:
            window: Events of one sensor.
            prompts: What to segment; None finds objects by itself and follows them from window
                to window.

        Returns:
            With prompts one mask for each, in their order (without a pixel where the window has
            no events at all); otherwise the masks that the options let through, best first.

        Raises:
            EngineError: The back end failed.
            ValueError: A prompt does not fit the picture; the sentence says which and why.
        """
        self.timings = dict.fromkeys(STAGES, 0.0)
        if prompts is None:
            return self._segment_automatically(window)
        check_prompts(prompts, window.width, window.height)
        ids = assign_ids(prompts)
        masks = np.zeros((len(prompts), window.height, window.width), np.bool_)
        scores = np.zeros(len(prompts), np.float32)
        if len(window) and prompts:
            self._answer(window, prompts, masks, scores)
        return Masks.build(ids, masks, scores)

    def _answer(
        self, window: Window, prompts: Sequence[Prompt], masks: Bool, scores: Float32,
    ) -> None:
        """Fill in the best of each prompt's masks and its score."""
        letterbox = self._letterbox(window)
        m = self.bundle.manifest
        with self._timed('propose'):
            calls = pack_prompts(prompts, letterbox, BATCH, m.box_prior, m.point_padding)
        embedding = self.embed(window)
        for packed in calls:
            logits, expected = self._decode(embedding, packed)
            with self._timed('post'):
                for place, k in enumerate(packed.index):
                    best = _answering(m.prompt_output, prompts[k], expected[place])
                    masks[k] = letterbox.upscale(letterbox.cut(logits[place, best]))
                    scores[k] = expected[place, best]

    def _segment_automatically(self, window: Window) -> Masks:
        options, letterbox = self.options, self._letterbox(window)
        with self._timed('propose'):
            activity = event_activity(window)
            events = cell_events(activity, letterbox)
            empty = int(activity.sum()) < options.min_window_events
            points = np.empty((0, 2), np.float32) if empty else self._points(events, letterbox)
        columns, rows = letterbox.cells
        if len(points) == 0:
            self._tracks.update(
                np.empty((0, rows, columns), np.bool_), options.track_iou, options.track_memory)
            return Masks.empty(window.width, window.height)
        embedding = self.embed(window)
        candidates, expected = [], []
        m = self.bundle.manifest
        # SAM's first output is not meant for lone clicks.
        first = 1 if m.prompt_output == 'sam' and m.multimask else 0
        for packed in self._clicks(points, letterbox):
            logits, scores = self._decode(embedding, packed)
            candidates.append(letterbox.cut(logits[:, first:]).reshape(-1, rows, columns))
            expected.append(scores[:, first:].ravel())
        with self._timed('post'):
            chosen, scores = select_masks(
                np.concatenate(candidates), np.concatenate(expected), events,
                letterbox.cell_area, options)
            ids = self._tracks.update(chosen > 0, options.track_iou, options.track_memory)
            masks = np.empty((len(chosen), window.height, window.width), np.bool_)
            for k, logits in enumerate(chosen):
                masks[k] = letterbox.upscale(logits)
            return Masks.build(ids, masks, scores)

    def _points(self, events: Float32, letterbox: Letterbox) -> Float32:
        """Return where to click, float32 [N, 2] in sensor pixels."""
        options = self.options
        if options.strategy == 'grid':
            return grid_points(options.points_per_side, letterbox.width, letterbox.height)
        # Half of the clicks stay free for what is new.
        known = self._tracks.points()[:options.prompts // 2]
        fresh = event_points(events, options.prompts - len(known), known)
        return letterbox.cells_to_pixels(np.concatenate([known, fresh]))

    def _letterbox(self, window: Window) -> Letterbox:
        m = self.bundle.manifest
        return Letterbox(window.width, window.height, m.width, m.height, m.low_res_stride)

    def _embed(self, window: Window, letterbox: Letterbox) -> Float32:
        m = self.bundle.manifest
        with self._timed('tensor'):
            picture = window_image(window, m.representation, *letterbox.content)
            tensor = letterbox.tensor(picture, m.mean, m.std, m.padding)
        with self._timed('encode'):
            return self._encoder.run({'image': tensor})['embedding']

    def _decode(self, embedding: Float32, packed: PackedPrompts) -> tuple[Float32, Float32]:
        """Return logits [N, K, h, w] and scores [N, K] of the outputs that the bundle trained."""
        with self._timed('decode'):
            result = self._decoder.run({'embedding': embedding, **packed.inputs()})
        outputs = OUTPUTS if self.bundle.manifest.multimask else 1
        return result['low_res_masks'][:, :outputs], result['scores'][:, :outputs]

    def _clicks(self, points: Float32, letterbox: Letterbox) -> Iterator[PackedPrompts]:
        for start in range(0, len(points), BATCH):
            yield pack_clicks(
                points[start:start + BATCH], letterbox, self.bundle.manifest.point_padding)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.timings[stage] += (time.perf_counter() - start) * 1e3


def _answering(rule: str, prompt: Prompt, expected: Float32) -> int:
    """Return which of a prompt's outputs answers it (see manifest.PROMPT_OUTPUTS)."""
    if rule == 'best':
        return int(np.argmax(expected))
    lone = len(prompt.points) == 1 and prompt.box is None and prompt.mask is None
    if rule == 'sam' and lone and len(expected) > 1:
        return 1 + int(np.argmax(expected[1:]))
    return 0


def _busy_window(width: int, height: int, least: int) -> Window:
    """Return a window in which a block of half the sensor's sides fires at least so often."""
    rows, columns = np.mgrid[height // 4:height - height // 4, width // 4:width - width // 4]
    times = -(-least // rows.size)
    x = np.tile(columns.ravel(), times).astype(np.uint16)
    y = np.tile(rows.ravel(), times).astype(np.uint16)
    t = np.linspace(0, 49_000_000, len(x)).astype(np.int64)
    events = Events(x, y, (np.arange(len(x)) % 2).astype(np.uint8), t)
    return Window(events, 0, 50_000_000, width, height)

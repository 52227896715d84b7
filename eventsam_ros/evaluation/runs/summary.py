# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From frames to sequences to a dataset: what goes into metrics.json.

A sequence's score is the mean over its frames and a dataset's the mean over its sequences, each
of equal weight whatever its length (EventSAM's rule). Class maps add up their confusion matrices
instead. J and F are means over the frames of each object, then over the objects, of a sequence or
of the whole dataset; an object that is in neither truth nor prediction of a frame is right there
(DAVIS).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import math
from typing import Any

import numpy as np

from eventsam_ros.evaluation.datasets import Kind
from eventsam_ros.evaluation.datasets.classes import ClassTable
from eventsam_ros.evaluation.metrics import semantic_scores

from .panoramic import panorama_scores
from .scoring import METRICS, FrameScore

VIDEO = {'j': 'region similarity J', 'f': 'contour accuracy F', 'j_and_f': 'mean of J and F'}
SEMANTIC = {
    'pixel_accuracy': 'share of pixels with the right class',
    'miou': 'mean IoU over the classes that occur',
    'miou_absent_zero': 'mean IoU over all classes, 0 for those that do not occur',
    'miou_without_background': 'mean IoU over the classes that occur but the background',
}


@dataclass(frozen=True)
class SequenceResult:
    """What a run knows of one sequence.

    Attributes:
        name: Of the sequence.
        frames: Scored frames, in order.
        unlabelled: Samples without truth, left out.
        unpredicted: Samples with truth and without a prediction, left out.
        left_out: What the reader could not make samples of, by reason.
    """

    name: str
    frames: Sequence[FrameScore]
    unlabelled: int = 0
    unpredicted: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)


def descriptions(kind: Kind) -> dict[str, str]:
    """Return the metrics of a kind of labels and what they mean."""
    if kind == 'semantic':
        return dict(SEMANTIC)
    return dict(METRICS[kind]) if kind == 'instances' else dict(VIDEO)


def mean(values: Sequence[float]) -> float:
    """Return the mean of the values that are numbers; NaN where none is."""
    numbers = [v for v in values if not math.isnan(v)]
    return float(np.mean(numbers)) if numbers else math.nan


def sequence_scores(
    result: SequenceResult, kind: Kind, classes: ClassTable | None,
) -> dict[str, float]:
    """Return the scores of a sequence, by the names of `descriptions`."""
    if kind == 'semantic':
        return _semantic([result], classes)[0]
    if kind == 'instances':
        return {name: mean([f.scores.get(name, math.nan) for f in result.frames])
                for name in METRICS[kind]}
    return _video([result])


def _video(results: Sequence[SequenceResult]) -> dict[str, float]:
    """Return J and F over all objects, each of equal weight however many share its sequence."""
    objects = [
        np.mean([frame.contours.get(i, (1.0, 1.0)) for frame in result.frames], 0)
        for result in results
        for i in sorted({i for frame in result.frames for i in frame.contours})]
    if not objects:
        return dict.fromkeys(VIDEO, math.nan)
    j, f = np.mean(objects, 0).tolist()
    return {'j': j, 'f': f, 'j_and_f': (j + f) / 2}


def _semantic(
    results: Sequence[SequenceResult], classes: ClassTable | None,
) -> tuple[dict[str, float], dict[str, float]]:
    assert classes is not None
    total = np.zeros((len(classes), len(classes) + 1), np.int64)
    for result in results:
        for frame in result.frames:
            if frame.confusion is not None:
                total += frame.confusion
    scores = semantic_scores(total)
    background = () if classes.background is None else (classes.background,)
    return ({
        'pixel_accuracy': scores.pixel_accuracy, 'miou': scores.miou,
        'miou_absent_zero': semantic_scores(total, 'zero').miou,
        'miou_without_background': semantic_scores(total, exclude=background).miou,
    }, dict(zip(classes.names, scores.class_iou.tolist(), strict=True)))


def summarise(
    results: Sequence[SequenceResult], kind: Kind, classes: ClassTable | None,
) -> dict[str, Any]:
    """Return the part of metrics.json that comes from scores and times; NaN is None there."""
    by_sequence = {r.name: sequence_scores(r, kind, classes) for r in results}
    names = descriptions(kind)
    class_iou: dict[str, float] = {}
    if kind == 'semantic':
        overall, class_iou = _semantic(results, classes)
    elif kind == 'instances':
        overall = {name: mean([row[name] for row in by_sequence.values()]) for name in names}
    else:
        overall = _video(results)
    frames = [frame for r in results for frame in r.frames]
    parts = [frame.parts for frame in frames if frame.parts]
    around = panorama_scores(parts) if parts else {}
    return {
        'metrics': {
            **{name: {'value': _number(overall[name]), 'meaning': text}
               for name, text in names.items()},
            **{name: {'value': _number(value), 'meaning': text}
               for name, (value, text) in around.items()}},
        'classes': {name: _number(value) for name, value in class_iou.items()},
        'sequences': {
            r.name: {'frames': len(r.frames), 'unlabelled': r.unlabelled,
                     'unpredicted': r.unpredicted, 'left_out': dict(r.left_out),
                     'metrics': {k: _number(v) for k, v in by_sequence[r.name].items()}}
            for r in results},
        'frames': len(frames),
        'latency_ms': _latency(frames),
        'stages_ms': _stages(frames),
    }


def _latency(frames: Sequence[FrameScore]) -> dict[str, float]:
    totals = [sum(f.stages_ms.values()) for f in frames if f.stages_ms]
    if not totals:
        return {}
    shares = np.percentile(totals, (50, 95, 99))
    return {f'p{p}': round(float(v), 3) for p, v in zip((50, 95, 99), shares, strict=True)}


def _stages(frames: Sequence[FrameScore]) -> dict[str, float]:
    timed: list[Mapping[str, float]] = [f.stages_ms for f in frames if f.stages_ms]
    names = timed[0] if timed else {}
    return {name: round(float(np.mean([t[name] for t in timed])), 3) for name in names}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value

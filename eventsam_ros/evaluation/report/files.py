# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""metrics.json and frames.csv."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
import csv
import json
import math
from pathlib import Path
from typing import Any

import jsonschema

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.runs.scoring import FrameScore
from eventsam_ros.evaluation.runs.summary import SequenceResult

VERSION = 1
SCHEMA = Path(__file__).with_name('metrics.schema.json')


def schema() -> dict[str, Any]:
    """Return the JSON schema of metrics.json."""
    content: dict[str, Any] = json.loads(SCHEMA.read_text('utf-8'))
    return content


def write_metrics(path: Path, content: Mapping[str, Any]) -> None:
    """Check the content against the schema and write it.

    Raises:
        jsonschema.ValidationError: The content is not what the schema promises.
    """
    jsonschema.validate(content, schema())
    part = path.with_suffix('.part')
    part.write_text(json.dumps(content, indent=2) + '\n', 'utf-8')
    part.replace(path)


def read_metrics(folder: Path) -> dict[str, Any]:
    """Read metrics.json of a run.

    Raises:
        DatasetError: It is missing, or not what the schema promises.
    """
    path = folder / 'metrics.json'
    try:
        content: dict[str, Any] = json.loads(path.read_text('utf-8'))
        jsonschema.validate(content, schema())
    except OSError as error:
        raise DatasetError(f'{path} cannot be read: {error.strerror}; is {folder} the output of '
                           'a finished evaluation?') from error
    except (ValueError, jsonschema.ValidationError) as error:
        reason = error.message if isinstance(error, jsonschema.ValidationError) else error
        raise DatasetError(f'{path} is no metrics.json of version {VERSION}: {reason}') from error
    return content


def frame_rows(results: Iterable[SequenceResult]) -> Iterator[dict[str, Any]]:
    """Return one row for each frame: names, counts, scores and times."""
    for result in results:
        for frame in result.frames:
            yield {
                'sequence': result.name, 'frame': frame.frame, 'stamp_ns': frame.stamp_ns,
                'events': frame.events, 'objects': frame.objects, 'found': frame.found,
                **{k: _cell(v) for k, v in frame_scores(frame).items()},
                **{f'{k}_ms': f'{v:.3f}' for k, v in frame.stages_ms.items()}}


def frame_scores(frame: FrameScore) -> dict[str, float]:
    """Return a frame's scores; of class maps and videos, those that a single frame has."""
    if frame.confusion is not None:
        total = int(frame.confusion.sum())
        right = int(frame.confusion[:, :-1].trace())
        return {'pixel_accuracy': right / total if total else math.nan}
    if frame.contours:
        count = len(frame.contours)
        j = sum(pair[0] for pair in frame.contours.values()) / count
        f = sum(pair[1] for pair in frame.contours.values()) / count
        return {'j': j, 'f': f, 'j_and_f': (j + f) / 2}
    return dict(frame.scores)


def _cell(value: float) -> str:
    return '' if math.isnan(value) else f'{value:.6f}'


def write_frames(path: Path, results: Iterable[SequenceResult]) -> None:
    """Write frames.csv, one line for each scored frame."""
    rows = list(frame_rows(results))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    part = path.with_suffix('.part')
    with part.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def read_frames(folder: Path) -> list[dict[str, str]]:
    """Read frames.csv of a run.

    Raises:
        DatasetError: It is missing.
    """
    path = folder / 'frames.csv'
    try:
        with path.open(newline='', encoding='utf-8') as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise DatasetError(f'{path} cannot be read: {error.strerror}') from error

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""RefCOCO, RefCOCO+ and RefCOCOg: pictures of COCO and sentences, as ReferFormer converts them.

Each sentence is an entry of its own under `images`, with one annotation: a sequence here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import DatasetError

from .coco_masks import coco_mask
from .dataset import Dataset, DatasetFormat, Expression, Sample
from .files import read_json
from .pictures import check_shape, read_colour
from .sequences import FileSequence

SETS = ('refcoco', 'refcoco+', 'refcocog')
_PICTURES = ('train2014', 'coco/train2014', '')


@dataclass(frozen=True)
class Entry:
    """A picture and the mask that its sentence names.

    Attributes:
        image: The picture.
        segmentation: As COCO writes masks.
        height: Rows.
        width: Columns.
    """

    image: Path
    segmentation: Any
    height: int
    width: int


def open_refcoco(
    path: Path, *, split: str = 'val', which: str = 'refcoco',
) -> Dataset:
    """Open one of the three sets; a sequence of one sample for each sentence.

    Args:
        path: Folder with <set>/instances_<set>_<split>.json (or coco/<set>/...) and train2014/.
        split: 'train', 'val', 'testA', 'testB' (RefCOCO and RefCOCO+) or 'test' (RefCOCOg).
        which: One of SETS; several joined by commas, as for RefSAM's first stage.

    Raises:
        DatasetError: Not laid out so.
        ValueError: An unknown set.
    """
    names = which.split(',')
    if not set(names) <= set(SETS):
        raise ValueError(f'which must be of {", ".join(SETS)}, but got {which!r}')
    sequences = [s for name in names for s in _sequences(path, name, split, len(names) > 1)]
    return Dataset('refcoco', 'referring', tuple(sorted(sequences, key=lambda s: s.name)),
                   split=split)


def _sequences(path: Path, name: str, split: str, prefixed: bool) -> list[FileSequence[Entry]]:
    file = next((p for top in ('', 'coco') if (
        p := path / top / name / f'instances_{name}_{split}.json').exists()),
        path / name / f'instances_{name}_{split}.json')
    content = read_json(file)
    images, annotations = content.get('images'), content.get('annotations')
    if not isinstance(images, list) or not isinstance(annotations, list) or not images:
        raise DatasetError(f'{file} must have images and annotations')
    folder = next((path / top for top in _PICTURES if (path / top).is_dir() and any(
        (path / top).glob('*.jpg'))), path / _PICTURES[0])
    try:
        masks = {a['image_id']: a for a in annotations}
        return [_sequence(image, masks, folder, f'{name}/' if prefixed else '')
                for image in images]
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f'{file} has an entry that lacks {error}') from error


def _sequence(
    image: Mapping[str, Any], masks: Mapping[Any, Mapping[str, Any]], folder: Path, prefix: str,
) -> FileSequence[Entry]:
    entry = Entry(folder / str(image['file_name']), masks[image['id']]['segmentation'],
                  int(image['height']), int(image['width']))
    return FileSequence(
        f'{prefix}{int(image["id"]):07d}', (entry,), partial(_read, str(image['id'])),
        (Expression('0', str(image['caption']), 1),))


def _read(name: str, entry: Entry) -> Sample:
    image = read_colour(entry.image)
    check_shape(entry.image, image[..., 0], (entry.height, entry.width))
    try:
        mask = coco_mask(entry.segmentation, entry.height, entry.width)
    except DatasetError as error:
        raise DatasetError(f'annotation of sentence {name}: {error}') from error
    return Sample(name, 0, image=image, labels=mask.astype(np.uint8))


def _looks(path: Path) -> bool:
    return any(any(path.glob(f'{top}refcoco*/instances_refcoco*_*.json'))
               for top in ('', 'coco/'))


REFCOCO = DatasetFormat(
    'refcoco', 'RefCOCO, RefCOCO+, RefCOCOg: pictures, and sentences that name objects',
    """\
refcoco/instances_refcoco_{train,val,testA,testB}.json      each sentence an entry of its own
refcoco+/instances_refcoco+_{train,val,testA,testB}.json
refcocog/instances_refcocog_{train,val,test}.json           or all of them under coco/
train2014/COCO_train2014_*.jpg""",
    'wjn922/ReferFormer', _looks, open_refcoco,
    {'split': 'train, val, testA, testB or test',
     'which': 'refcoco, refcoco+ or refcocog; several joined by commas'})

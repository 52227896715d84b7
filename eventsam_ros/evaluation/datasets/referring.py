# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Ref-YouTube-VOS and Ref-DAVIS17 in the layout that ReferFormer made common.

The list of the validation split of Ref-YouTube-VOS names the test videos too: validation is what
it has beyond the list of the test split, 202 videos. Masks of both are withheld.
In Ref-DAVIS17 the sentences of an object are those of four annotators in a row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eventsam_ros.errors import DatasetError

from .dataset import Dataset, DatasetFormat, Expression
from .davis_text import text_videos
from .files import read_json
from .sequences import FileSequence
from .videos import VOID, Frame, video

ANNOTATORS = ('annot1', 'annot1_full_video', 'annot2', 'annot2_full_video')


def open_ref_youtube_vos(path: Path, *, split: str = 'valid') -> Dataset:
    """Open Ref-YouTube-VOS; a sequence for each video, with all sentences about it.

    Args:
        path: Folder with meta_expressions/ and the splits.
        split: 'train', 'valid' or 'test'.

    Raises:
        DatasetError: Not laid out so.
        ValueError: An option outside of its values.
    """
    if split not in ('train', 'valid', 'test'):
        raise ValueError(f'split must be train, valid or test, but got {split!r}')
    videos = meta_videos(path, split)
    if split == 'valid':
        held_back = meta_videos(path, 'test')
        videos = {name: video for name, video in videos.items() if name not in held_back}
    return Dataset('ref-youtube-vos', 'referring', tuple(
        referred(path / split, name, content, {}) for name, content in sorted(videos.items())),
        split=split)


def meta_videos(path: Path, split: str) -> dict[str, Any]:
    """Return the videos of a split's list.

    Raises:
        DatasetError: Missing, or not such a list.
    """
    file = path / 'meta_expressions' / split / 'meta_expressions.json'
    videos = read_json(file).get('videos')
    if not isinstance(videos, dict) or not videos:
        raise DatasetError(f'{file} must have videos with expressions and frames')
    for name, content in videos.items():
        if not (isinstance(content, dict) and isinstance(content.get('expressions'), dict)
                and isinstance(content.get('frames'), list)):
            raise DatasetError(f'video {name} in {file} must have expressions and frames')
    return videos


def referred(
    root: Path, name: str, content: dict[str, Any], objects: dict[str, int],
) -> FileSequence[Frame]:
    """Return a video with its sentences.

    Args:
        root: Folder with JPEGImages/ and, where they are not withheld, Annotations/.
        name: Of the video.
        content: Its part of the list.
        objects: Number of the object of a sentence, where the list does not say.

    Raises:
        DatasetError: A file is missing, or a sentence is none.
    """
    sentences = []
    for key, value in content['expressions'].items():
        text = value.get('exp') if isinstance(value, dict) else None
        if not isinstance(text, str):
            raise DatasetError(f'expression {key} of video {name} in {root} must have exp')
        stated = value.get('obj_id', objects.get(key))
        try:
            object_id = None if stated is None else int(stated)
        except (TypeError, ValueError) as error:
            raise DatasetError(
                f'obj_id of expression {key} of video {name} in {root} must be a number, but is '
                f'{stated!r}') from error
        sentences.append(Expression(str(key), text, object_id))
    masks = root / 'Annotations' / name
    return video(name, root / 'JPEGImages' / name, masks if masks.is_dir() else None,
                 names=[str(frame) for frame in content['frames']],
                 expressions=tuple(sentences))


def open_ref_davis17(path: Path, *, split: str = 'valid', annotator: int = -1) -> Dataset:
    """Open Ref-DAVIS17 as converted to the layout of Ref-YouTube-VOS, or as published.

    Args:
        path: Folder with meta_expressions/ and the splits, or DAVIS with davis_text_annotations/.
        split: 'train' or 'valid' ('val').
        annotator: 0 to 3 keeps the sentences of one of ANNOTATORS, -1 all.

    Raises:
        DatasetError: Not laid out so.
        ValueError: An option outside of its values.
    """
    if split not in ('train', 'valid', 'val') or not -1 <= annotator < len(ANNOTATORS):
        raise ValueError('split must be train, valid or val and annotator -1 to 3, but got '
                         f'{split!r} and {annotator}')
    if (path / 'meta_expressions').is_dir():
        name = 'valid' if split == 'val' else split
        videos = meta_videos(path, name)
        sequences = []
        for video_name, content in sorted(videos.items()):
            # An object has four sentences in a row; its number follows where it is not given.
            objects = {key: int(key) // 4 + 1 for key in content['expressions'] if key.isdecimal()}
            sequences.append(referred(
                path / name, video_name, _of_annotator(content, annotator), objects))
        return Dataset('ref-davis17', 'referring', tuple(sequences), split=split, void=VOID)
    return Dataset('ref-davis17', 'referring', tuple(
        text_videos(path, 'train' if split == 'train' else 'val', annotator)), split=split,
        void=VOID)


def _of_annotator(content: dict[str, Any], annotator: int) -> dict[str, Any]:
    if annotator < 0:
        return content
    kept = {key: value for k, (key, value) in enumerate(content['expressions'].items())
            if (int(key) if key.isdecimal() else k) % len(ANNOTATORS) == annotator}
    return {**content, 'expressions': kept}


def _looks_youtube(path: Path) -> bool:
    return _listed(path) and _every_fifth(path)


def _looks_davis(path: Path) -> bool:
    texts = ('davis_text_annotations/Davis17_annot*.txt', 'Davis17_annot*.txt')
    return any(any(path.glob(text)) for text in texts) or (
        _listed(path) and not _every_fifth(path))


def _listed(path: Path) -> bool:
    return any(path.glob('meta_expressions/*/meta_expressions.json'))


def _every_fifth(path: Path) -> bool:
    """Return whether the lists name every fifth frame, as those of YouTube-VOS do."""
    split = min(path.glob('meta_expressions/*/meta_expressions.json')).parent.name
    frames = next((content['frames'] for content in meta_videos(path, split).values()
                   if len(content['frames']) > 1), ['0', '5'])
    return all(str(f).isdecimal() and int(f) % 5 == 0 for f in frames[:2])


REF_YOUTUBE_VOS = DatasetFormat(
    'ref-youtube-vos', 'Ref-YouTube-VOS: videos, and sentences that name objects',
    """\
meta_expressions/{train,valid,test}/meta_expressions.json
{train,valid,test}/JPEGImages/<video>/<frame>.jpg
train/Annotations/<video>/<frame>.png       indices; withheld for valid and test""",
    'youtube-vos.org, wjn922/ReferFormer', _looks_youtube, open_ref_youtube_vos,
    {'split': 'train, valid (videos of its list that the test list lacks) or test'})

REF_DAVIS17 = DatasetFormat(
    'ref-davis17', 'Ref-DAVIS17: DAVIS 2017, and sentences of four annotators',
    """\
meta_expressions/{train,valid}/meta_expressions.json
{train,valid}/JPEGImages/<video>/<frame>.jpg, Annotations/<video>/<frame>.png
or DAVIS 2017 (JPEGImages/480p, Annotations_unsupervised/480p, ImageSets/2017) with
davis_text_annotations/Davis17_annot{1,2}[_full_video].txt""",
    'wjn922/ReferFormer', _looks_davis, open_ref_davis17,
    {'split': 'train or valid',
     'annotator': f'-1 all sentences; 0 to 3 those of {", ".join(ANNOTATORS)}'})

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DAVIS 2016 and 2017: videos with masks of one object or of several.

Lists of 2016 have a line for each frame, /JPEGImages/480p/<video>/<frame>.jpg and its mask; those
of 2017 a video on each line. Masks of 2016 are 0 and 255, or those of 2017 taken as one object.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from eventsam_ros.errors import DatasetError

from .dataset import Dataset, DatasetFormat
from .files import read_lines
from .videos import VOID, video

_MASKS = ('Annotations', 'Annotations_unsupervised')


def open_davis(
    path: Path, *, split: str = 'val', year: int = 2017, resolution: str = '480p',
    unsupervised: bool = False,
) -> Dataset:
    """Open DAVIS; a sequence for each video.

    Args:
        path: Folder with JPEGImages, Annotations and ImageSets.
        split: 'train', 'val' or any other list there is; '' for all videos.
        year: 2016, one object; or 2017, several.
        resolution: Folder of the pictures, '480p' or 'Full-Resolution'.
        unsupervised: Whether masks are those of the unsupervised task of 2017.

    Raises:
        DatasetError: Not as DAVIS lays it out.
        ValueError: An option outside of its values.
    """
    if year not in (2016, 2017):
        raise ValueError(f'year must be 2016 or 2017, but got {year}')
    masks = path / _MASKS[unsupervised] / resolution
    frames = path / 'JPEGImages' / resolution
    if not frames.is_dir():
        raise DatasetError(f'folder {frames} is missing')
    names = listed_videos(path, split, year, resolution) if split else sorted(
        folder.name for folder in frames.iterdir() if folder.is_dir())
    sequences = tuple(
        video(name, frames / name, masks / name, single=year == 2016) for name in sorted(names))
    one = year == 2016
    return Dataset('davis', 'video', sequences, split=split, one_object=one,
                   void=None if one else VOID)


def listed_videos(path: Path, split: str, year: int, resolution: str = '480p') -> list[str]:
    """Return the videos of a list, each once.

    Raises:
        DatasetError: No such list.
    """
    folder = path / 'ImageSets'
    file = folder / (resolution if year == 2016 else str(year)) / f'{split}.txt'
    if year == 2016 and not file.exists():
        file = folder / '2016' / f'{split}.txt'
    found: dict[str, None] = {}
    for line in read_lines(file):
        place = PurePosixPath(line.split()[0])
        found[place.name if len(place.parts) == 1 else place.parent.name] = None
    return list(found)


def _looks(path: Path) -> bool:
    return (path / 'JPEGImages').is_dir() and (path / 'ImageSets').is_dir() and any(
        (path / masks).is_dir() for masks in _MASKS) and not any(
        path.glob('davis_text_annotations/*.txt'))


DAVIS = DatasetFormat(
    'davis', 'DAVIS 2016 and 2017: videos with masks of one object or of several',
    """\
JPEGImages/480p/<video>/<frame>.jpg
Annotations/480p/<video>/<frame>.png               indices, or Annotations_unsupervised/480p
ImageSets/2017/{train,val}.txt                     2016: ImageSets/480p/{train,val}.txt""",
    'davischallenge.org', _looks, open_davis,
    {'split': 'name of a list, train or val; all videos if empty',
     'year': '2016 (one object: what is not 0) or 2017 (several)',
     'resolution': 'folder of the pictures: 480p or Full-Resolution',
     'unsupervised': 'true takes the masks of Annotations_unsupervised'})

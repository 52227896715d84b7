# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`python -m training pairs`: write the pairs of one source into a folder."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
import multiprocessing
import os
from pathlib import Path
import threading
from typing import Any

import cv2
from tqdm import tqdm

from eventsam_ros.errors import DatasetError

from ..arguments import at_least
from .films import find_films
from .pair import Settings
from .pairs import PairsError, complete, prepare, write_pairs
from .photos import Photo, find_photos
from .sources.filmed import Filmed
from .sources.photographs import Photographs
from .sources.recordings import FORMATS, open_recordings
from .sources.scenes import Scenes
from .sources.source import Source

SOURCES = ('scenes', 'photos', 'films', *FORMATS)


def write_source(folder: Path, source: Source, settings: Settings, jobs: int) -> int:
    """Write all shards of a source that are missing; return how many pairs were written.

    Args:
        folder: Created where it is missing; may hold other sources of the same settings.
        source: Where the pairs come from.
        settings: Size and representation.
        jobs: Processes.

    Raises:
        PairsError: The folder holds something else.
    """
    prepare(folder, settings, source.name, source.description())
    missing = [k for k in range(source.shards)
               if not complete(folder, _shard(source, k), source.size(k))]
    written = 0
    with ProcessPoolExecutor(
            max(min(jobs, len(missing)), 1), multiprocessing.get_context('spawn'),
            _start) as pool:
        work = [pool.submit(_write, folder, source, settings, k) for k in missing]
        try:
            for done in tqdm(as_completed(work), total=len(work), unit='shard', disable=None):
                written += done.result()
        except BrokenProcessPool as error:
            raise PairsError('a process was killed; a rerun resumes') from error
        finally:
            pool.shutdown(cancel_futures=True)
    return written


def _start() -> None:
    """Prepare a process: one thread, and an end when the command ends, however it does."""
    cv2.setNumThreads(1)
    command = multiprocessing.parent_process()
    assert command is not None

    def watch() -> None:
        command.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _shard(source: Source, k: int) -> str:
    return f'{source.name}_{k:05d}'


def _write(folder: Path, source: Source, settings: Settings, k: int) -> int:
    return write_pairs(
        folder, _shard(source, k), source.pairs(k, settings), settings, source.size(k))


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition('x')
    return int(width), int(height)


def _source(arguments: argparse.Namespace) -> Source:
    if arguments.source in FORMATS:
        if arguments.path is None:
            raise PairsError(f'pairs of {arguments.source} need --path')
        return open_recordings(
            arguments.source, arguments.path, arguments.split or '',
            window_ms=arguments.window_ms, every=arguments.every, backwards=arguments.backwards,
            view=arguments.view, time_unit=arguments.time_unit)
    split = arguments.split or 'train'
    if arguments.source == 'films':
        if not arguments.photos:
            raise PairsError('pairs of films need --photo-root and --photos FOLDER[:MASKS]')
        films = find_films(arguments.photo_root, arguments.photos, split)
        return Filmed(arguments.seed, arguments.count, films, split)
    photos: tuple[Photo, ...] = ()
    if arguments.photos:
        photos = find_photos(arguments.photo_root, arguments.photos, split)
    if arguments.source == 'scenes':
        return Scenes(arguments.seed, arguments.count, photos, arguments.boards)
    if not photos:
        raise PairsError('pairs of photos need --photo-root and --photos FOLDER:MASKS')
    return Photographs(arguments.seed, arguments.count, photos, split, arguments.movers)


def _run(arguments: argparse.Namespace, *_: Any) -> None:
    try:
        width, height = arguments.size
        settings = Settings(width, height, arguments.representation)
        source = _source(arguments)
        written = write_source(arguments.folder, source, settings, arguments.jobs)
    except (ValueError, DatasetError) as error:
        raise PairsError(str(error)) from error
    print(f'{arguments.folder}: {written} pairs of {source.name} written')


def add_command(commands: Any) -> None:
    """Add `pairs` to the command line."""
    text = 'write pairs of event picture and frame; a rerun resumes'
    command = commands.add_parser('pairs', help=text, description=text)
    command.set_defaults(act=_run)
    command.add_argument('folder', type=Path, help='folder of pairs; may hold other sources')
    command.add_argument('--source', choices=SOURCES, required=True, help='where they come from')
    command.add_argument('--size', type=_size, default=(384, 288), metavar='WxH',
                         help="the network's input, default 384x288")
    command.add_argument('--representation', default='robust', help='robust (default), eventsam')
    command.add_argument('--jobs', type=at_least(1), default=2, help='processes, default 2')
    command.add_argument(
        '--split', help='photos: train (default), held-out or all, by the names of files; '
                        'recordings: folder above the sequences')
    made = command.add_argument_group('scenes, photos and films')
    made.add_argument('--count', type=at_least(1), default=1000, help='pairs, default 1000')
    made.add_argument('--seed', type=int, default=0, help='of scenes and views, default 0')
    made.add_argument('--boards', type=float, default=0.15, metavar='SHARE',
                      help='share of scenes with printed boards, default 0.15')
    made.add_argument('--movers', type=float, default=0.0, metavar='SHARE',
                      help='share of views of photos over which objects of other photos move '
                           'by themselves, default 0')
    made.add_argument('--photo-root', type=Path, default=Path(), help='where --photos begin')
    made.add_argument(
        '--photos', action='append', metavar='FOLDER:MASKS',
        help="folders of photos and the folder of masks beside each, like "
             "'video/davis/*/frames:masks'; may be repeated. Scenes take objects out of them; "
             "films may also be 'video/*.mp4'")
    recorded = command.add_argument_group('recordings')
    recorded.add_argument('--path', type=Path, help='folder of the dataset')
    recorded.add_argument('--window-ms', type=float, default=50.0,
                          help='length of event windows, default 50 (rgbe-seg: as stored)')
    recorded.add_argument('--every', type=int, default=1, help='keeps every so many frames')
    recorded.add_argument('--backwards', action='store_true',
                          help='pairs of the events after each frame, too, run backwards')
    recorded.add_argument('--view', default='distorted', help='dsec: distorted or rectified')
    recorded.add_argument('--time-unit', default='us', help='rgbe-seg: s, ms, us or ns')

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How fast a recording of DSEC's size and format is read and cut into windows.

`python -m benchmarks.reading` writes a few seconds of 640 x 480 events as DSEC stores them (HDF5,
blosc with zstd) and reads every 50 ms window, all in one process; `--seconds 60` is the whole
length (1.7 GB on disk at 10 M events/s). Reading is timed apart from writing, after the file has
left the memory of the machine where `--cold` asks for it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import time
from typing import Any

import h5py
import hdf5plugin
import numpy as np

from eventsam_ros.evaluation.datasets.dsec_events import HEIGHT, WIDTH, DsecEvents
from eventsam_ros.evaluation.datasets.rectification import Rectification
from eventsam_ros.evaluation.datasets.stored_events import WindowRule

from .results import write_result

WINDOW_MS = 50
_STEP_S = 0.1
_OFFSET_US = 50_000_000_000


def write_events(path: Path, seconds: float, rate: float, chunk: int, seed: int = 0) -> int:
    """Write moving edges with noise; returns the number of events.

    Args:
        path: The file.
        seconds: Length.
        rate: Events per second.
        chunk: Events in each chunk of a column.
        seed: Of the scene and the noise.
    """
    rng = np.random.default_rng(seed)
    edges = 60
    place, speed = rng.uniform(0, WIDTH, edges), rng.uniform(-400, 400, edges)
    top, tall = rng.integers(0, HEIGHT - 120, edges), rng.integers(20, 120, edges)
    blosc = hdf5plugin.Blosc(cname='zstd', clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
    total, index = 0, [np.zeros(1, np.uint64)]
    with h5py.File(path, 'w') as file:
        columns = {
            name: file.create_dataset(f'events/{name}', (0,), dtype, maxshape=(None,),
                                      chunks=(chunk,), compression=blosc)
            for name, dtype in (('x', 'u2'), ('y', 'u2'), ('p', 'u1'), ('t', 'u4'))}
        for step in range(round(seconds / _STEP_S)):
            count = round(rate * _STEP_S)
            start = round(step * _STEP_S * 1e6)
            t = np.sort(rng.integers(start, start + round(_STEP_S * 1e6), count))
            edge = rng.integers(0, edges, count)
            x = place[edge] + speed[edge] * t / 1e6 + rng.normal(0, 1, count)
            y = top[edge] + rng.random(count) * tall[edge]
            p = (speed[edge] > 0) ^ (rng.random(count) < 0.05)
            for name, values in (('x', np.mod(x, WIDTH)), ('y', y), ('p', p), ('t', t)):
                columns[name].resize(total + count, 0)
                columns[name][total:] = values.astype(columns[name].dtype)
            marks = np.arange(start // 1000 + 1, start // 1000 + round(_STEP_S * 1000) + 1) * 1000
            index.append((total + np.searchsorted(t, marks)).astype(np.uint64))
            total += count
        # The last mark is the end, which has no event.
        file['ms_to_idx'] = np.concatenate(index)[:-1]
        file['t_offset'] = np.int64(_OFFSET_US)
    return total


def forget(path: Path) -> None:
    """Ask the system to drop the file from its memory, so that it is read from the disk."""
    with path.open('rb') as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_windows(path: Path, seconds: float, rectify: bool) -> dict[str, float]:
    """Read all windows and return what it took.

    Args:
        path: The file.
        seconds: Its length.
        rectify: Whether to move the events through a rectification map too.
    """
    rectification = Rectification(_distortion(), HEIGHT) if rectify else None
    rule = WindowRule.of(WINDOW_MS, 0)
    found = 0
    ends = np.arange(1, round(seconds * 1000 / WINDOW_MS) + 1) * WINDOW_MS * 1_000_000
    began, processor = time.perf_counter(), time.process_time()
    with DsecEvents(path) as events:
        for end in ends.tolist():
            window = rule.window(events, end + _OFFSET_US * 1000)
            found += len(window.events)
            if rectification is not None:
                rectification.events(window.events)
    elapsed = time.perf_counter() - began
    return {
        'events': found, 'windows': len(ends), 'seconds': round(elapsed, 3),
        'processor_seconds': round(time.process_time() - processor, 3),
        'million_events_per_second': round(found / elapsed / 1e6, 1),
        'times_real_time': round(seconds / elapsed, 2),
        'peak_memory_mib': _peak_mib(),
    }


def _peak_mib() -> int:
    # getrusage() would count what the process had before it became this program.
    status = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith('VmHWM')) // 1024


def _distortion() -> Any:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    radius = ((x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2) / WIDTH ** 2
    return np.stack([WIDTH / 2 + (x - WIDTH / 2) * (1 + 0.1 * radius),
                     HEIGHT / 2 + (y - HEIGHT / 2) * (1 + 0.1 * radius)], -1)


def main() -> int:
    """Print the figures; exit code 1 where reading is slower than the recording runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=5.0, help='length of the recording')
    parser.add_argument('--rate', type=float, default=10e6, help='events per second')
    parser.add_argument('--chunk', type=int, default=16384, help='events in a chunk of the file')
    parser.add_argument('--rectify', action='store_true', help='rectify the events too')
    parser.add_argument('--cold', action='store_true', help='read from the disk, not from memory')
    parser.add_argument('--folder', type=Path, help='where to write; a temporary folder if not')
    parser.add_argument('--read', type=Path, help=argparse.SUPPRESS)
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    if arguments.read:
        figures = read_windows(arguments.read, arguments.seconds, arguments.rectify)
        for name, value in figures.items():
            print(f'{name:28s} {value:g}')
        if arguments.output:
            size = arguments.read.stat().st_size / 2 ** 20
            write_result(arguments.output, "reading a recording of DSEC's size",
                         'python -m benchmarks.reading ' + ' '.join(sys.argv[1:-2]),
                         {'file_mib': round(size), 'chunk': arguments.chunk, **figures})
        return 0 if figures['times_real_time'] >= 1 else 1
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / 'events.h5'
        total = write_events(path, arguments.seconds, arguments.rate, arguments.chunk)
        print(f'{total} events, {path.stat().st_size / 2 ** 20:.0f} MiB in chunks of '
              f'{arguments.chunk}')
        if arguments.cold:
            forget(path)
        # A process of its own: the memory that writing took is not that of reading.
        return subprocess.run(
            [sys.executable, '-m', 'benchmarks.reading', *sys.argv[1:], '--read', str(path)],
            check=False).returncode


if __name__ == '__main__':
    sys.exit(main())

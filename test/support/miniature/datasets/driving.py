# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DSEC, MVSEC and DDD17 in small."""

from __future__ import annotations

import numpy as np

from .files import events, naive_ms_to_idx, picture, png, rng

DSEC_OFFSET = 49_599_300_523
CALIBRATION = """\
intrinsics:
  camRect0:
    camera_matrix: [569.7, 569.7, 335.1, 221.2]
    resolution: [640, 480]
  camRect1:
    camera_matrix: [1150.9, 1150.9, 723.5, 548.1]
    resolution: [1440, 1080]
extrinsics:
  T_10:
    - [0.9999, -0.0095, 0.0078, -0.0007]
    - [0.0096, 0.9999, -0.0077, -0.0000]
    - [-0.0077, 0.0078, 0.9999, 0.0510]
    - [0.0, 0.0, 0.0, 1.0]
  R_rect0:
    - [0.9999, 0.0119, 0.0024]
    - [-0.0119, 0.9999, -0.0023]
    - [-0.0024, 0.0023, 0.9999]
  R_rect1:
    - [0.9999, 0.0024, -0.0053]
    - [-0.0024, 0.9999, 0.0059]
    - [0.0053, -0.0058, 0.9999]
"""


def dsec_events(path, columns, offset=DSEC_OFFSET, chunk=256, ms_to_idx=None):
    """Write an events.h5 with the compression of the public files."""
    import h5py
    import hdf5plugin

    path.parent.mkdir(parents=True, exist_ok=True)
    x, y, p, t = columns
    blosc = hdf5plugin.Blosc(cname='zstd', clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
    with h5py.File(path, 'w') as file:
        for name, values, dtype in (
                ('x', x, 'u2'), ('y', y, 'u2'), ('p', p, 'u1'), ('t', t, 'u4')):
            file.create_dataset(f'events/{name}', data=np.asarray(values, dtype),
                                chunks=(chunk,), maxshape=(None,), compression=blosc)
        file['ms_to_idx'] = naive_ms_to_idx(t) if ms_to_idx is None else ms_to_idx
        file['t_offset'] = np.int64(offset)
    return path


def rectify_map(path=None):
    """Return a map that shifts and bends; written where a path is given."""
    y, x = np.mgrid[:480, :640].astype(np.float64)
    radius = ((x - 320) ** 2 + (y - 240) ** 2) / 320 ** 2
    table = np.stack([320 + (x - 320) * (1.02 - 0.06 * radius) + 1.3,
                      240 + (y - 240) * (1.03 - 0.05 * radius) - 2.2], -1).astype(np.float32)
    if path is not None:
        import h5py

        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, 'w') as file:
            file['rectify_map'] = table
    return table


def dsec_sequence(folder, seed=0, count=20000, end_us=400_000, frames=True):
    """Write events, map, frames and calibration of one sequence; frames at 100, 150... ms."""
    columns = events(count, 640, 480, end_us, seed)
    dsec_events(folder / 'events/left/events.h5', columns, chunk=1024)
    rectify_map(folder / 'events/left/rectify_map.h5')
    stamps = [DSEC_OFFSET + t for t in range(100_000, 350_001, 50_000)]
    if frames:
        (folder / 'images').mkdir(parents=True)
        (folder / 'images/timestamps.txt').write_text(''.join(f'{t}\n' for t in stamps))
        for k in range(len(stamps)):
            picture(folder / f'images/left/rectified/{k:06d}.png', 1080, 1440, k)
        (folder / 'calibration').mkdir()
        (folder / 'calibration/cam_to_cam.yaml').write_text(CALIBRATION)
    return stamps


def dsec_labels(folder, stamps, level='left', seed=0):
    """Write labels of both class numbers."""
    (folder / 'semantic').mkdir(parents=True, exist_ok=True)
    (folder / 'semantic/timestamps.txt').write_text('\n'.join(map(str, stamps)) + '\n')
    for classes in (11, 19):
        for k in range(len(stamps)):
            values = rng(seed + k).integers(0, classes + 1, (11, 16)).astype(np.uint8)
            values[values == classes] = 255
            png(folder / 'semantic' / level / f'{classes}classes' / 'data' / f'{k:06d}.png',
                np.kron(values, np.ones((40, 40), np.uint8)))


def write_dsec(root):
    dsec_sequence(root / 'train/zurich_city_00_b', 1)
    return root


def write_dsec_semantic(root):
    for name, split, seed in (('zurich_city_13_a', 'test', 3), ('zurich_city_00_a', 'train', 4)):
        stamps = dsec_sequence(root / split / name, seed, frames=split == 'test')
        dsec_labels(root / split / name, stamps, seed=seed)
    return root


MVSEC_START = 1_504_645_177.421_561


def mvsec_file(path, columns, signed=True, frames=3):
    """Write one camera; columns x, y, p, t with t in µs after MVSEC_START."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    x, y, p, t = columns
    rows = np.stack([x, y, MVSEC_START + np.asarray(t) / 1e6, 2 * p - 1 if signed else p], 1)
    stamps = MVSEC_START + 0.1 + 0.05 * np.arange(frames)
    images = rng(5).integers(0, 256, (frames, 260, 346)).astype(np.uint8)
    with h5py.File(path, 'w') as file:
        group = file.create_group('davis/left')
        group.create_dataset('events', data=rows.astype(np.float64), chunks=(500, 4),
                             maxshape=(None, 4))
        group['image_raw'] = images
        group['image_raw_ts'] = stamps
        group['image_raw_event_inds'] = np.searchsorted(rows[:, 2], stamps)
    return stamps, images


def write_mvsec(root):
    mvsec_file(root / 'indoor_flying/indoor_flying1_data.hdf5', events(4000, 346, 260, 300_000, 6))
    return root


def ddd17_folder(folder, seed=0, count=6000, masks=(3, 4, 6)):
    """Write memory maps, index and masks; frames every 40 ms from 100 ms on."""
    x, y, p, t = events(count, 346, 260, 500_000, seed)
    t_ns = t.astype(np.int64) * 1000 + 7_000_000_000
    folder.mkdir(parents=True)
    t_ns.tofile(folder / 'events.dat.t')
    np.stack([x, y, p], 1).astype(np.int16).tofile(folder / 'events.dat.xyp')
    stamps = 7_000_000_000 + 100_000_000 + 40_000_000 * np.arange(8)
    (folder / 'index').mkdir()
    for ms in (10, 50, 250):
        rows = [(s, np.searchsorted(t_ns, s), np.searchsorted(t_ns, s - ms * 1_000_000))
                for s in stamps]
        np.save(folder / 'index' / f'index_{ms}ms.npy', np.array(rows, np.int64))
    for number in masks:
        values = rng(number).integers(0, 7, (20, 35)).astype(np.uint8)
        values[values == 6] = 255
        labels = np.kron(values, np.ones((10, 10), np.uint8))[:200, :346]
        png(folder / f'segmentation_masks/segmentation_{number:08d}.png', labels)
        png(folder / f'imgs/img_{number:08d}.png',
            rng(number).integers(0, 256, (260, 346)).astype(np.uint8))
    return x, y, p, t_ns, stamps


def write_ddd17(root):
    for k, name in enumerate(('dir0', 'dir1', 'dir3', 'dir4', 'dir5', 'dir6', 'dir7')):
        ddd17_folder(root / name, k, count=800, masks=(3,))
    return root


def write_evsegnet(root, swapped=False):
    for split in ('train', 'test'):
        def place(part, split=split):
            return root / part / split if swapped else root / split / part
        for k in range(2):
            png(place('images') / f'rec_{k}.png', rng(k).integers(0, 256, (20, 34)).astype('u1'))
            labels = rng(k + 5).integers(0, 6, (20, 34)).astype(np.uint8)
            labels[0] = 255
            png(place('labels') / f'rec_{k}.png', labels)
            place('events').mkdir(parents=True, exist_ok=True)
            np.save(place('events') / f'rec_{k}.npy', rng(k).random((20, 34, 6)))
    return root

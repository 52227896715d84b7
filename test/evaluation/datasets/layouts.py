# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Miniature datasets, written from the descriptions of their layouts and not from the readers.

Each function writes a folder and returns what it was told to write into. Pictures are random and
small where the layout does not fix their size.
"""

from __future__ import annotations

import json
import struct
import zlib

import cv2
import numpy as np


def rng(seed=0):
    return np.random.default_rng(seed)


def png(path, array):
    """Write [H, W], or [H, W, 3 or 4] in the order red, green, blue (, alpha)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if array.ndim == 3:
        array = np.concatenate([array[..., 2::-1], array[..., 3:]], -1)
    assert cv2.imwrite(str(path), array)
    return path


def picture(path, height, width, seed=0):
    """Write a smooth coloured picture and return it."""
    small = rng(seed).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    png(path, image)
    return image


def palette_png(path, indices, bits=8, filters=(0,)):
    """Write indices as a palette PNG, byte by byte; row r is filtered by filters[r % n]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = indices.shape
    step = 8 // bits
    padded = np.zeros((height, -(-width // step) * step), np.uint8)
    padded[:, :width] = indices
    packed = np.zeros((height, padded.shape[1] // step), np.uint8)
    for k in range(step):
        packed |= padded[:, k::step] << (8 - bits * (k + 1))
    raw, above = b'', [0] * packed.shape[1]
    for r, row in enumerate(packed.tolist()):
        kind = filters[r % len(filters)]
        out = []
        for c, value in enumerate(row):
            a, b, d = (row[c - 1] if c else 0), above[c], (above[c - 1] if c else 0)
            guess = a + b - d
            paeth = min((a, b, d), key=lambda v: abs(guess - v))
            out.append((value - (0, a, b, (a + b) // 2, paeth)[kind]) % 256)
        raw += bytes([kind, *out])
        above = row
    def chunk(name, body):
        return (struct.pack('>I', len(body)) + name + body
                + struct.pack('>I', zlib.crc32(name + body)))
    colours = bytes(rng(9).integers(0, 256, 3 * 2 ** bits).astype(np.uint8))
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, bits, 3, 0, 0, 0))
        + chunk(b'PLTE', colours) + chunk(b'tRNS', b'\x00\x80')
        + chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b''))
    return path


def events(count, width, height, end_us, seed=0):
    """Return x, y, p, t of events in whole µs from 0 up to end_us."""
    r = rng(seed)
    return (r.integers(0, width, count), r.integers(0, height, count), r.integers(0, 2, count),
            np.sort(r.integers(0, end_us, count)))


def naive_ms_to_idx(t):
    """The definition: entry k is the first index with t >= 1000 k; entry 0 is 0."""
    last = int(t[-1]) // 1000 if len(t) else 0
    return np.array([0, *(next(i for i, v in enumerate(t) if v >= 1000 * k)
                          for k in range(1, last + 1))], np.uint64)


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


def colour_code(path, ids, colours):
    """Write ids as colours; id 0 is white."""
    image = np.full((*ids.shape, 3), 255, np.uint8)
    for k, colour in colours.items():
        image[ids == k] = colour
    png(path, image)


def eventsam_frame(root, name, sequence, frame, size, seed=0, split=''):
    """Write event file, picture and ground truth of a frame; returns events and ids."""
    width, height = size
    data = root / 'Datasets' / name / split / sequence
    columns = events(300, width, height, 20_000, seed)
    (data / 'event').mkdir(parents=True, exist_ok=True)
    x, y, p, t = columns
    np.savez(data / 'event' / f'{frame}.npz', x=x, y=y, t=t, p=p)
    picture(data / 'rgb_image' / f'{frame}.png', height, width, seed)
    blocks = rng(seed).integers(0, 4, (height // 10 + 1, width // 10 + 1))
    ids = np.kron(blocks, np.ones((10, 10), int))[:height, :width]
    colours = {1: (0, 10, 200), 2: (20, 255, 255), 3: (255, 255, 254)}
    colour_code(root / 'Groundtruths' / name / split / sequence / f'{frame}.png', ids, colours)
    return columns, ids


def eventsam_set(root, name, size):
    for k in range(3):
        eventsam_frame(root, name, 'indoor_flying1', f'{488 + k:04d}', size, k)
    return root


def write_pairs(root, names, colour, thermal, labels, classes, size=(24, 32)):
    """Write pairs: colour, thermal and labels are functions of a name that give files."""
    height, width = size
    for k, name in enumerate(names):
        picture(colour(name), height, width, k)
        png(thermal(name), rng(k).integers(0, 256, size).astype(np.uint8))
        values = rng(k).integers(0, classes, size).astype(np.uint8)
        values[0, :classes] = np.arange(classes)
        png(labels(name), values)
    return root


def write_mfnet(root, names=('00001D', '00002N', '00003D')):
    height, width = 24, 32
    for k, name in enumerate(names):
        four = rng(k).integers(0, 256, (height, width, 4)).astype(np.uint8)
        png(root / f'images/{name}.png', four)
        values = rng(k).integers(0, 9, (height, width)).astype(np.uint8)
        png(root / f'labels/{name}.png', values)
    (root / 'test.txt').write_text('\n'.join(names[:2]) + '\n')
    (root / 'train.txt').write_text(f'{names[2]}\n{names[2]}_flip\n')
    return root


def write_mfnet_apart(root, suffixes=('', ''), ending='.png'):
    names = ('00001D', '00002N')
    write_pairs(root, names, lambda n: root / f'rgb/{n}{suffixes[0]}{ending}',
                lambda n: root / f'ther/{n}{suffixes[1]}{ending}',
                lambda n: root / f'labels/{n}.png', 9)
    (root / 'test.txt').write_text('00002N\n')
    return root


def write_pst900(root, flat=False):
    for split, names in (('train', ('a_1', 'a_2')), ('test', ('b_1',))):
        base = root if flat else root / split
        write_pairs(base, names, lambda n, b=base: b / f'rgb/{n}.png',
                    lambda n, b=base: b / f'thermal/{n}.png',
                    lambda n, b=base: b / f'labels/{n}.png', 5)
        for name in names:
            png(base / f'thermal_raw/{name}.png',
                rng(3).integers(0, 65536, (24, 32)).astype(np.uint16))
        if flat:
            (root / f'{split}.txt').write_text(''.join(f'{n}\n' for n in names))
    return root


def write_fmb(root, flat=False):
    for split, names in (('train', ('00001',)), ('test', ('00002', '00003'))):
        base = root if flat else root / split
        write_pairs(base, names, lambda n, b=base: b / f'Visible/{n}.png',
                    lambda n, b=base: b / f'Infrared/{n}.png',
                    lambda n, b=base: b / f'Label/{n}.png', 15)
        if flat:
            (root / f'{split}.txt').write_text(''.join(f'{n}.png\n' for n in names))
    return root


def write_densepass(root):
    for k, (image, label) in enumerate((('1', '1'), ('2_', '2'))):
        picture(root / f'leftImg8bit/val/cs/{image}.png', 20, 64, k)
        values = rng(k).integers(0, 20, (20, 64)).astype(np.uint8)
        values[values == 19] = 255
        values[0, :19] = np.arange(19)
        png(root / f'gtFine/val/cs/{label}_labelTrainIds.png', values)
    picture(root / 'leftImg8bit/train/Amsterdam/1.png', 20, 64)
    return root


def write_wildpass(root):
    for city in ('Athens', 'Tokyo'):
        picture(root / f'leftImg8bit/val/{city}/3.jpg', 20, 64)
        png(root / f'gtFine/val/{city}/3_labelIds.png',
            np.tile(np.arange(32, dtype=np.uint8) % 25, (20, 2)))
    return root


STANFORD_NAMES = ['<UNK>_0_<UNK>_0_0', 'wall_1_office_1_1', 'sofa_1_office_1_1',
                  'clutter_3_office_1_1',
                  *[f'{"door" if k % 2 else "chair"}_{k}_office_2_1' for k in range(300)]]


def write_stanford(root):
    """Write one panorama for each area of fold 1 and of the rest; number 256 G + B."""
    for area in ('area_1', 'area_2', 'area_3', 'area_4', 'area_5a', 'area_5b', 'area_6'):
        image = picture(root / area / 'pano/rgb/camera_1_office_1_frame_equirectangular'
                                       '_domain_rgb.png', 64, 128) | 1
        image[:4] = 0
        image[5] = 200, 0, 0
        png(root / area / 'pano/rgb/camera_1_office_1_frame_equirectangular_domain_rgb.png', image)
        numbers = rng(8).integers(0, len(STANFORD_NAMES), (64, 128))
        coded = np.stack([np.zeros_like(numbers), numbers // 256, numbers % 256], -1)
        coded[10] = (13, 13, 13)
        png(root / area / 'pano/semantic/camera_1_office_1_frame_equirectangular'
                          '_domain_semantic.png', coded.astype(np.uint8))
    (root / 'semantic_labels.json').write_text(json.dumps(STANFORD_NAMES))
    return root


def video_frames(frames, masks, names, objects=2, seed=0):
    """Write frames and palette masks with objects 1 to `objects`."""
    for k, name in enumerate(names):
        image = frames / f'{name}.jpg'
        picture(image, 24, 40, seed + k)
        if masks is not None:
            ids = rng(seed + k).integers(0, objects + 1, (24, 40)).astype(np.uint8)
            palette_png(masks / f'{name}.png', ids)


def write_davis(root, text=False):
    for name, seed in (('bear', 1), ('motorbike', 2), ('goat', 3)):
        frames = [f'{k:05d}' for k in range(2)]
        video_frames(root / f'JPEGImages/480p/{name}', root / f'Annotations/480p/{name}',
                     frames, seed=seed)
        video_frames(root / f'JPEGImages/480p/{name}',
                     root / f'Annotations_unsupervised/480p/{name}', frames, seed=seed)
    for year in ('2017', '480p'):
        (root / f'ImageSets/{year}').mkdir(parents=True)
    (root / 'ImageSets/2017/train.txt').write_text('bear\n')
    (root / 'ImageSets/2017/val.txt').write_text('motorbike\ngoat\n')
    (root / 'ImageSets/480p/val.txt').write_text(''.join(
        f'/JPEGImages/480p/goat/{k:05d}.jpg /Annotations/480p/goat/{k:05d}.png\n'
        for k in range(2)))
    if text:
        folder = root / 'davis_text_annotations'
        folder.mkdir()
        for a, file in enumerate(('annot1', 'annot1_full_video', 'annot2', 'annot2_full_video')):
            lines = [f'{video} {obj} "the {video} number {obj} says {a} caf\u00e9"'
                     for video in ('bear', 'motor-bike', 'goat') for obj in (1, 2)]
            (folder / f'Davis17_{file}.txt').write_text(
                '\n'.join(lines) + '\n', encoding='latin-1' if a >= 2 else 'utf-8')
    return root


def write_ref_davis_text(root):
    return write_davis(root, text=True)


def expressions(objects, annotated=True):
    return {str(k): {'exp': f'sentence {k}', **({'obj_id': str(o)} if annotated else {})}
            for k, o in enumerate(objects)}


def meta(root, split, videos):
    folder = root / 'meta_expressions' / split
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'meta_expressions.json').write_text(json.dumps({'videos': videos}))


def write_ref_youtube_vos(root):
    frames = ['00000', '00005', '00010']
    for video in ('00a1', '00b2'):
        video_frames(root / f'train/JPEGImages/{video}', root / f'train/Annotations/{video}',
                     frames)
    meta(root, 'train', {v: {'expressions': expressions((1, 1, 2)), 'frames': frames}
                         for v in ('00a1', '00b2')})
    valid = {v: {'expressions': expressions((0, 0), False), 'frames': frames}
             for v in ('0v1', '0v2', '0t1')}
    for video in valid:
        video_frames(root / f'valid/JPEGImages/{video}', None, frames)
    meta(root, 'valid', valid)
    meta(root, 'test', {'0t1': valid['0t1']})
    video_frames(root / 'test/JPEGImages/0t1', None, frames)
    return root


def write_ref_davis(root):
    frames = ['00000', '00001']
    for split in ('train', 'valid'):
        video_frames(root / f'{split}/JPEGImages/goat', root / f'{split}/Annotations/goat', frames)
        meta(root, split, {'goat': {
            'expressions': expressions([1] * 4 + [2] * 4), 'frames': frames}})
    return root


REFCOCO_ENTRIES = (
    (581563, 'bowl with the carrots', [[10.0, 5.0, 30.0, 5.0, 30.0, 15.0, 10.0, 15.0]]),
    (581563, 'empty plate', [[2.5, 2.0, 8.5, 2.0, 2.5, 20.0], [20.0, 18.0, 38, 18, 38, 22]]),
    (581921, 'left cat', {'size': [24, 40], 'counts': [24 * 3 + 4, 10, 14, 10, 850]}))


def write_refcoco(root, top=''):
    """Write each of the three sets as ReferFormer's conversion does: an entry a sentence."""
    for number in {entry[0] for entry in REFCOCO_ENTRIES}:
        picture(root / f'train2014/COCO_train2014_{number:012d}.jpg', 24, 40, number)
    for name, splits in (('refcoco', ('train', 'val', 'testA', 'testB')),
                         ('refcoco+', ('val',)), ('refcocog', ('val', 'test'))):
        images = [{'file_name': f'COCO_train2014_{number:012d}.jpg', 'height': 24, 'width': 40,
                   'original_id': number, 'caption': text, 'dataset_name': name,
                   'tokens_negative': [[0, len(text)]], 'id': 10 * k + 3}
                  for k, (number, text, _) in enumerate(REFCOCO_ENTRIES)]
        annotations = [{'area': 1.0, 'iscrowd': 0, 'image_id': 10 * k + 3, 'category_id': 51,
                        'id': k, 'bbox': [0, 0, 1, 1], 'original_id': 7, 'tokens_positive': [],
                        'segmentation': segmentation}
                       for k, (_, _, segmentation) in enumerate(REFCOCO_ENTRIES)]
        for split in splits:
            file = root / top / name / f'instances_{name}_{split}.json'
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({
                'images': images, 'annotations': annotations, 'categories': []}))
    return root


def write_camvid(root):
    for split in ('train', 'val'):
        for k in range(2):
            picture(root / f'{split}/0001TP_{k}.png', 24, 32, k)
            values = rng(k).integers(0, 12, (24, 32)).astype(np.uint8)
            png(root / f'{split}annot/0001TP_{k}.png', values)
    return root


def write_recording(root):
    from eventsam_ros.simulation.recording import RecordingConfig, record

    return record(RecordingConfig(seed=3, duration_s=0.4, width=96, height=64), root)


WRITERS = {
    'recording': write_recording,
    'rgbe-seg': lambda root: eventsam_set(root, 'RGBE-SEG', (346, 260)),
    'mvsec-seg': lambda root: eventsam_set(root, 'MVSEC-SEG', (346, 260)),
    'ddd17-seg': lambda root: eventsam_set(root, 'DDD17-SEG', (346, 260)),
    'dsec-seg': lambda root: eventsam_set(root, 'DSEC-SEG', (640, 480)),
    'dsec': write_dsec, 'dsec-semantic': write_dsec_semantic, 'mvsec': write_mvsec,
    'ddd17': write_ddd17, 'ddd17-evsegnet': write_evsegnet, 'mfnet': write_mfnet,
    'pst900': write_pst900, 'fmb': write_fmb, 'densepass': write_densepass,
    'wildpass': write_wildpass, 'stanford2d3d': write_stanford,
    'ref-youtube-vos': write_ref_youtube_vos, 'ref-davis17': write_ref_davis,
    'refcoco': write_refcoco, 'davis': write_davis, 'camvid': write_camvid,
}
"""What writes a folder of each format, so that its default split has samples."""

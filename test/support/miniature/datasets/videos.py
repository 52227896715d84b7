# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""DAVIS and the sets with sentences in small."""

from __future__ import annotations

import json

import numpy as np

from .files import palette_png, picture, rng


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

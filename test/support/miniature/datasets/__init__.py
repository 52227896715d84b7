# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Miniature datasets, written from the descriptions of their layouts and not from the readers.

Each function writes a folder and returns what it was told to write into. Pictures are random and
small where the layout does not fix their size.
"""

from __future__ import annotations

from .driving import (
    CALIBRATION,
    DSEC_OFFSET,
    MVSEC_START,
    ddd17_folder,
    dsec_events,
    dsec_labels,
    dsec_sequence,
    mvsec_file,
    rectify_map,
    write_ddd17,
    write_dsec,
    write_dsec_semantic,
    write_evsegnet,
    write_mvsec,
)
from .eventsam import colour_code, eventsam_frame, eventsam_set
from .files import events, naive_ms_to_idx, palette_png, picture, png, rng
from .pairs import (
    write_camvid,
    write_fmb,
    write_mfnet,
    write_mfnet_apart,
    write_pairs,
    write_pst900,
)
from .panoramas import STANFORD_NAMES, write_densepass, write_stanford, write_wildpass
from .videos import (
    REFCOCO_ENTRIES,
    expressions,
    meta,
    video_frames,
    write_davis,
    write_ref_davis,
    write_ref_davis_text,
    write_ref_youtube_vos,
    write_refcoco,
)


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

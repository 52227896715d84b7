# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How far exported graphs are from the network, over a whole clip with the track token."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from eventsam_ros.evaluation.metrics.video import region_j
from eventsam_ros.events.types import Float32, Int64, UInt8
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.referring_bundle import LOW_RES, ReferringManifest
from eventsam_ros.inference.referring_targets import Encoded, Target, decoder_inputs

from .clips.clip import Clip
from .clips.filming import ClipSettings
from .clips.making import make_clip
from .networks.sight import Seen
from .networks.words import Said
from .trained import Trained

LEAST_IOU = 0.99
"""Mean agreement of masks below which a bundle is not written."""
_SEED = 2026


@dataclass(frozen=True)
class ReferringParity:
    """Differences of graphs from the network in torch, over a simulated clip.

    Attributes:
        mask_iou: Mean IoU of masks over frames and sentences; 1 where both are empty.
        mask_iou_least: Of the mask that agrees least.
        logits_max: Largest absolute difference of two logits.
        logits_mean: Mean absolute difference.
        track_max: Largest absolute difference of two numbers of the last track; 0 without tracks.
    """

    mask_iou: float
    mask_iou_least: float
    logits_max: float
    logits_mean: float
    track_max: float

    def as_text(self) -> dict[str, float]:
        """Return the fields, rounded for the manifest."""
        return {key: float(f'{value:.4g}') for key, value in asdict(self).items()}


def parity_clip() -> Clip:
    """Return the clip that every bundle is compared on."""
    return make_clip(_SEED, 'test', 'plain', ClipSettings())


def _inputs(m: ReferringManifest, frame: UInt8, picture: UInt8) -> dict[str, Float32]:
    """Return what the encoder takes of a frame and a picture of events that fill the input."""
    box = Letterbox(m.width, m.height, m.width, m.height, LOW_RES)
    found = {}
    if m.images:
        found['image'] = box.tensor(frame, m.image_mean, m.image_std, 'zero')
    if m.events:
        found['events'] = box.tensor(picture, m.event_mean, m.event_std)
    return found


def _stretched(stack: UInt8, m: ReferringManifest) -> UInt8:
    """Return pictures [T, h, w, 3] at the size of the input by repeating pixels."""
    rows = np.arange(m.height) * stack.shape[1] // m.height
    columns = np.arange(m.width) * stack.shape[2] // m.width
    return np.ascontiguousarray(stack[:, rows[:, None], columns])


@torch.no_grad()
def measure(folder: Path, trained: Trained, m: ReferringManifest) -> ReferringParity:
    """Compare the graphs of a folder, in ONNX Runtime on the CPU, with the network in torch.

    Both follow all sentences of a clip from its first frame to its last, each with its own track.
    """
    clip = parity_clip()
    assert clip.pictures is not None
    frames = list(zip(_stretched(clip.frames, m), _stretched(clip.pictures, m), strict=True))
    inputs = [_inputs(m, frame, picture) for frame, picture in frames]
    said = [trained.words.encode(s.text) for s in clip.sentences]
    wanted, last = _in_torch(trained, inputs, said)
    found, track = _in_graphs(folder, m, inputs, said)
    ious = [region_j(a > m.mask_threshold, b > m.mask_threshold)
            for a, b in zip(found.reshape(-1, *found.shape[-2:]),
                            wanted.reshape(-1, *wanted.shape[-2:]), strict=True)]
    difference = np.abs(found - wanted)
    if not np.isfinite(difference).all():
        ious = [0.0]
    return ReferringParity(
        float(np.mean(ious)), float(np.min(ious)), float(difference.max()),
        float(difference.mean()), float(np.abs(track - last).max()) if m.track else 0.0)


_Encoded = list[tuple[Int64, Float32]]


def _in_torch(
    trained: Trained, inputs: list[dict[str, Float32]], said: _Encoded,
) -> tuple[Float32, Float32]:
    """Return logits [T, N, h, w] and the last track [N, 256] of the network."""
    network = trained.network
    ids, mask = (torch.from_numpy(np.concatenate([pair[k] for pair in said])) for k in range(2))
    sentences: Said = network.say(ids, mask)
    logits, track = [], None
    for given in inputs:
        tensors = {name: torch.from_numpy(value) for name, value in given.items()}
        seen: Seen = network.see(tensors.get('image'), tensors.get('events'))
        found = network.answer(seen, sentences, track)
        track = found.track
        logits.append(found.logits[:, 0].numpy())
    last = np.zeros(0, np.float32) if track is None else track.numpy()
    return np.stack(logits), last


def _in_graphs(
    folder: Path, m: ReferringManifest, inputs: list[dict[str, Float32]], said: _Encoded,
) -> tuple[Float32, Float32]:
    """Return the same of the graphs, driven as the segmenter drives them."""
    encoder, text, decoder = (
        OnnxRuntimeEngine(folder / f'{name}.onnx') for name in ('encoder', 'text', 'decoder'))
    targets = []
    for number, (ids, mask) in enumerate(said, 1):
        result = text.run({'ids': ids.astype(np.float32), 'mask': mask})
        targets.append(Target(
            str(number), '', number, Encoded(result['words'], mask, result['sentence'])))
    logits = []
    for given in inputs:
        result = decoder.run({**encoder.run(given), **decoder_inputs(targets, m.track)})
        logits.append(np.array(result['low_res_masks'][:, 0]))
        if m.track:
            for target, track in zip(targets, result['next_track'], strict=True):
                target.track = np.array(track)
    for graph in (encoder, text, decoder):
        graph.close()
    last = [t.track for t in targets if t.track is not None]
    return np.stack(logits), np.stack(last) if last else np.zeros(0, np.float32)

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A trained network as a bundle of task `referring`, compared with it before it is written."""

from __future__ import annotations

from collections.abc import Mapping
import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn
import yaml

from eventsam_ros.events.sum_words import BINS
from eventsam_ros.inference.manifest import FORMAT_VERSION
from eventsam_ros.inference.referring_bundle import (
    CHANNELS,
    GRAPHS,
    TASK,
    ReferringManifest,
    decoder_shapes,
    encoder_shapes,
    text_shapes,
)

from ..exporting.bundle import commit
from ..exporting.class_maps import file_text, parity_text
from ..exporting.graphs import ExportError, halve_file, trace_graph
from .network import ReferringNetwork
from .networks.sight import Seen
from .networks.words import Said
from .parity import LEAST_IOU, ReferringParity, measure
from .trained import Trained


class _Encoder(nn.Module):
    """Pictures to what the decoder reads of them."""

    def __init__(self, network: ReferringNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, *pictures: Tensor) -> tuple[Tensor, ...]:
        if self.network.choice.modalities == 'events':
            seen = self.network.see(None, pictures[0])
        else:
            seen = self.network.see(pictures[0], pictures[1] if len(pictures) > 1 else None)
        return tuple(part for part in seen if part is not None)


class _Text(nn.Module):
    """Tokens, as floating-point numbers, to words and the sentence."""

    def __init__(self, network: ReferringNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        said = self.network.say(ids.long(), mask)
        return said.words, said.sentence


class _Decoder(nn.Module):
    """What the encoder gave of one picture, N sentences and their tracks to N answers."""

    def __init__(self, network: ReferringNetwork, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(self.names, values, strict=True))
        seen = Seen(given['embedding'], given.get('hierarchy'), given.get('detail'))
        said = Said(given['words'], given['mask'], given['sentence'])
        found = self.network.answer(seen, said, given.get('track'), given.get('has_track'))
        out = (found.logits, found.score)
        return out if found.track is None else (*out, found.track)


def manifest_of(trained: Trained) -> ReferringManifest:
    """Return what the bundle of a run says, but for its files."""
    recipe, network = trained.recipe, trained.recipe.network
    events, images = network.modalities != 'images', network.modalities != 'events'
    return ReferringManifest(
        name=recipe.name, modalities=network.modalities,
        representation=recipe.representation if events else '',
        window_ms=recipe.window_ms if events else 0.0, width=recipe.width, height=recipe.height,
        image_mean=recipe.image_mean if images else (),
        image_std=recipe.image_std if images else (),
        event_mean=recipe.event_mean if events else (),
        event_std=recipe.event_std if events else (),
        hierarchy=network.dense == 'hierarchical', detail=network.detail,
        track=network.track != 'none', words=trained.words.tokens,
        vocabulary=trained.words.vocabulary, mask_threshold=recipe.mask_threshold,
        threshold=recipe.threshold, score='head' if recipe.loss.score else 'mask',
        gap_s=recipe.gap_s, files={}, precision='fp32', licence='', training={}, parity={})


def export_graphs(trained: Trained, folder: Path) -> None:
    """Write encoder.onnx, text.onnx and decoder.onnx with fp32 weights into a folder."""
    m = manifest_of(trained)
    network = copy.deepcopy(trained.network).eval()
    shapes = {'encoder': encoder_shapes(m), 'text': text_shapes(m), 'decoder': decoder_shapes(m)}
    modules = {'encoder': _Encoder(network), 'text': _Text(network),
               'decoder': _Decoder(network, tuple(shapes['decoder'][0]))}
    for name, module in modules.items():
        inputs, outputs = shapes[name]
        example = tuple(torch.ones([side or 2 for side in shape]) for shape in inputs.values())
        open_ones = {key: {0: 'targets'} for key, shape in (inputs | outputs).items()
                     if shape[0] is None}
        trace_graph(module.eval(), example, folder / f'{name}.onnx', list(inputs),
                    list(outputs), open_ones)


def write_referring_bundle(
    trained: Trained, folder: Path, half: bool = True, licence: str = 'Apache-2.0',
) -> dict[str, ReferringParity]:
    """Write a complete bundle folder (see eventsam_ros.inference.referring_bundle).

    The graphs follow a clip with the track token as the network does, or the folder is not
    touched.

    Args:
        trained: The network.
        folder: Created where missing; the files of a bundle in it are replaced.
        half: Store weights as fp16 (half the size; the arithmetic stays fp32).
        licence: SPDX identifier of the weights' licence.

    Returns:
        The report by precision.

    Raises:
        ExportError: The graphs do not do what the network does, or one is too large for a file.
    """
    if trained.recipe.network.answers != 'decoder':
        raise ExportError('network.answers is likeness: a first stage, of which no bundle is '
                          'made; go on from its best.pt with answers: decoder')
    folder.mkdir(parents=True, exist_ok=True)
    chosen = 'fp16' if half else 'fp32'
    manifest = manifest_of(trained)
    with TemporaryDirectory(dir=folder, prefix='.export_') as scratch:
        places = {precision: Path(scratch) / precision for precision in ('fp32', 'fp16')}
        for place in places.values():
            place.mkdir()
        export_graphs(trained, places['fp32'])
        for name in GRAPHS:
            halve_file(places['fp32'] / f'{name}.onnx', places['fp16'] / f'{name}.onnx', name)
        reports = {precision: measure(place, trained, manifest)
                   for precision, place in places.items()}
        _check(reports, chosen)
        for name in GRAPHS:
            (places[chosen] / f'{name}.onnx').replace(folder / f'{name}.onnx')
    words = folder / f'words{trained.words.suffix}'
    trained.words.write(words)
    files = {name: folder / f'{name}.onnx' for name in GRAPHS} | {'words': words}
    values = _values(trained, manifest, chosen, licence)
    values |= {'files': {key: file_text(path) for key, path in files.items()},
               'parity': parity_text(reports)}
    (folder / 'bundle.yaml').write_text(yaml.safe_dump(values, sort_keys=False))
    return reports


def _check(reports: Mapping[str, ReferringParity], chosen: str) -> None:
    """Refuse graphs that are not the network: the exact ones, and those that are written."""
    for precision in dict.fromkeys(('fp32', chosen)):
        if not reports[precision].mask_iou >= LEAST_IOU:
            advice = ('the network cannot be exported' if precision == 'fp32'
                      else 'store the weights as fp32')
            raise ExportError(
                f'with {precision} weights the masks of a clip agree with those of the network at '
                f'IoU {reports[precision].mask_iou:.4f}, and {LEAST_IOU} is required; {advice}')


def _values(
    trained: Trained, m: ReferringManifest, precision: str, licence: str,
) -> dict[str, Any]:
    recipe = trained.recipe
    pictures = {name: {'mean': list(mean), 'std': list(std)} for name, mean, std in (
        ('image', m.image_mean, m.image_std), ('events', m.event_mean, m.event_std)) if mean}
    values: dict[str, Any] = {
        'format_version': FORMAT_VERSION, 'name': m.name, 'task': TASK,
        'modalities': m.modalities}
    if m.events:
        values |= {'representation': {'name': m.representation, 'bins': BINS},
                   'window': {'duration_ms': m.window_ms}}
    return values | {
        'input': {'width': m.width, 'height': m.height, **pictures},
        'embedding': {'channels': CHANNELS, 'hierarchy': m.hierarchy, 'detail': m.detail},
        'text': {'words': m.words, 'vocabulary': list(m.vocabulary)},
        'answer': {'track': m.track, 'mask_threshold': m.mask_threshold,
                   'threshold': m.threshold, 'score': m.score, 'gap_s': m.gap_s},
        'precision': precision, 'licence': licence,
        'training': {
            'commit': commit(), 'recipe': recipe.name, 'data': recipe.data.path.name,
            'text': recipe.network.text.kind, 'steps': trained.step,
            'metrics': {k: round(float(v), 4) for k, v in trained.scores.items()}}}

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""segment_anything's own networks with random weights, and what its SamPredictor says."""

from functools import partial

import numpy as np
from segment_anything import SamPredictor
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)
import torch

from eventsam_ros.events.types import Events, Window
from eventsam_ros.inference.prompts import Box, Point, Prompt


def sam(size, width=32, depth=4, heads=2, taps=(1, 3), window=3, seed=0):
    """Return SAM in evaluation mode, by default in miniature; no table or bias is zero."""
    torch.manual_seed(seed)
    grid = (size // 16, size // 16)
    network = Sam(
        ImageEncoderViT(
            img_size=size, embed_dim=width, depth=depth, num_heads=heads, use_rel_pos=True,
            window_size=window, global_attn_indexes=taps,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6)),
        PromptEncoder(256, grid, (size, size), 16),
        MaskDecoder(transformer_dim=256, transformer=TwoWayTransformer(2, 256, 8, 2048)),
        pixel_mean=[123.675, 116.28, 103.53], pixel_std=[58.395, 57.12, 57.375])
    for name, parameter in network.named_parameters():
        if 'pos' in name or name.endswith('.bias'):
            torch.nn.init.normal_(parameter, std=0.1)
    with torch.no_grad():
        # masks that are neither empty nor full: what all channels have in common does not count
        for head in network.mask_decoder.output_hypernetworks_mlps:
            last = head.layers[-1]
            last.weight -= last.weight.mean(0)
            last.bias.zero_()
        network.mask_decoder.output_upscaling[-2].bias.zero_()
        network.mask_decoder.iou_prediction_head.layers[-1].bias.fill_(0.7)
    return network.eval()


def window(width, height, seed=0):
    """Return events of three moving blobs and some noise."""
    rng = np.random.default_rng(seed)
    x, y, p = [rng.integers(0, width, 300)], [rng.integers(0, height, 300)], []
    for _ in range(3):
        centre = rng.uniform(0.2, 0.8, 2) * (width, height)
        side = rng.uniform(0.1, 0.2) * height
        for found, middle, last in ((x, centre[0], width - 1), (y, centre[1], height - 1)):
            found.append(np.clip(rng.normal(middle, side, 2000), 0, last).astype(int))
    x, y = np.concatenate(x), np.concatenate(y)
    p = rng.integers(0, 2, len(x))
    t = np.sort(rng.integers(0, 50_000_000, len(x)))
    return Window(Events(x.astype(np.uint16), y.astype(np.uint16), p.astype(np.uint8), t),
                  0, 50_000_000, width, height)


def prompts(width, height):
    """Return a click, two clicks, a box, and a box with a click that is not the object."""
    a, b, c = ((0.3 * width, 0.4 * height), (0.7 * width, 0.6 * height),
               (0.5 * width, 0.2 * height))
    box = Box(0.2 * width, 0.15 * height, 0.8 * width, 0.7 * height)
    return [Prompt(points=(Point(*a),)), Prompt(points=(Point(*a), Point(*b, 0))),
            Prompt(box=box), Prompt(points=(Point(*c, 0),), box=box)]


def predict(network, picture, asked):
    """Return what SamPredictor answers, the best of its alternatives to a lone click.

    Returns:
        Masks, scores, and by how much each was the best of its alternatives.
    """
    predictor = SamPredictor(network)
    predictor.set_image(picture)
    masks, scores, leads = [], [], []
    for prompt in asked:
        points, box = prompt.points, prompt.box
        lone = len(points) == 1 and box is None
        found, expected, _ = predictor.predict(
            np.array([[p.x, p.y] for p in points]) if points else None,
            np.array([p.label for p in points]) if points else None,
            np.array([box.x0, box.y0, box.x1, box.y1]) if box else None, multimask_output=lone)
        best, *others = np.argsort(-expected)
        masks.append(found[best])
        scores.append(expected[best])
        leads.append(expected[best] - expected[others[0]] if others else np.inf)
    return np.stack(masks), np.array(scores), np.array(leads)

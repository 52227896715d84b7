# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How far exported graphs in ONNX Runtime are from the network in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
import os
from pathlib import Path

import torch
from torch import nn

from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.parity import (
    Answer,
    Case,
    Parity,
    compare,
    engine_answers,
    joined_masks,
)

from ..networks.promptable import PromptDecoder
from .graphs import EmbeddingOnly

LEAST_IOU = 0.99
"""Agreement of masks below which a bundle is not written."""


def as_text(parity: Parity) -> dict[str, float]:
    """Return the figures, rounded for the manifest."""
    return {key: float(f'{value:.4g}') for key, value in asdict(parity).items()}


@torch.no_grad()
def answers(encoder: nn.Module, decoder: PromptDecoder, tried: Sequence[Case]) -> list[Answer]:
    """Return what the network says, in torch, in evaluation mode."""
    only = EmbeddingOnly(encoder).eval()
    decoder.eval()
    found = []
    for case in tried:
        embedding = only(torch.from_numpy(case.image))
        logits = [
            decoder(embedding, *(torch.from_numpy(v) for v in call.inputs().values()))[0].numpy()
            for call in case.calls]
        found.append(Answer(embedding.numpy(), joined_masks(case.letterbox, logits)))
    return found


def measure(folder: Path, tried: Sequence[Case], wanted: Sequence[Answer]) -> Parity:
    """Compare the graphs of a folder, in ONNX Runtime on the CPU, with the network's answers.

    Args:
        folder: Holds encoder.onnx and decoder.onnx.
        tried: From `cases`.
        wanted: From `answers` to the same.
    """
    threads = os.cpu_count() or 1
    encoder = OnnxRuntimeEngine(folder / 'encoder.onnx', threads)
    decoder = OnnxRuntimeEngine(folder / 'decoder.onnx', threads)
    found = engine_answers(encoder, decoder, tried)
    encoder.close()
    decoder.close()
    return compare(found, wanted)

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The whole network: pictures, sentences and tracks to masks and the next tracks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .networks.decoder import WordDecoder
from .networks.dense import AddedSentence, DenseAttention, HierarchicalDenseAttention, alike
from .networks.sight import Seen, TwoSights, build_sight
from .networks.tracking import QueryInteraction, TrackMlp
from .networks.words import CrossModalMlp, Said
from .recipe import NetworkChoice


class Answer(NamedTuple):
    """What is said of N targets in one frame.

    Attributes:
        logits: Of the mask, float32 [N, 1, 4h, 4w].
        score: Expected IoU, float32 [N]; without meaning where its loss has no weight.
        track: What the next frame is told, float32 [N, 256]; None without tracks.
    """

    logits: Tensor
    score: Tensor
    track: Tensor | None


def build_dense(choice: NetworkChoice) -> nn.Module:
    """Return the module that makes the dense embedding."""
    if choice.dense == 'hierarchical':
        return HierarchicalDenseAttention(choice.sharpness, choice.likeness)
    if choice.dense == 'single':
        return DenseAttention(choice.sharpness, choice.likeness)
    return AddedSentence()


class ReferringNetwork(nn.Module):
    """RefSAM for pictures, events or both.

    Attributes:
        sight: Pictures to embeddings.
        text: A text encoder (see training.referring.text): ids int64 [B, L] and mask
            float32 [B, L] to tokens [B, L, width], mask and a pooled vector.
        words: The Cross-Modal MLP.
        dense: Dense attention of some kind.
        decoder: Masks.
        tracking: The implicit tracking module, or None.
    """

    def __init__(self, choice: NetworkChoice, width: int, height: int, text: nn.Module,
                 text_width: int) -> None:
        """Build with random weights, but for the text encoder's.

        Args:
            choice: What it is made of.
            width: Columns of the input.
            height: Rows of the input.
            text: The text encoder.
            text_width: Length of its vectors.

        Raises:
            ValueError: There is no such encoder.
        """
        super().__init__()
        sight = build_sight(choice.encoder, width, height, choice.detail)
        self.choice = choice
        self.sight = TwoSights(
            sight, choice.modalities, choice.dense == 'hierarchical', choice.fusion,
            choice.detail)
        self.text = text
        self.words = CrossModalMlp(text_width, choice.hidden, choice.dropout)
        self.dense = build_dense(choice)
        self.decoder = WordDecoder(width, height, choice.detail)
        self.tracking: nn.Module | None = None
        if choice.track != 'none' and choice.answers == 'decoder':
            self.tracking = TrackMlp() if choice.track == 'mlp' else QueryInteraction()

    def train(self, mode: bool = True) -> ReferringNetwork:
        """Set the mode; norms of an encoder that was trained before keep their statistics."""
        super().train(mode)
        if self.choice.norms == 'keep':
            for module in self.sight.sight.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        if not self.choice.text.learns:
            self.text.eval()
        return self

    def say(self, ids: Tensor, mask: Tensor) -> Said:
        """Encode sentences: ids int64 [B, L], mask float32 [B, L]."""
        tokens, there, _ = self.text(ids, mask)
        said: Said = self.words(tokens, there)
        return said

    def see(self, image: Tensor | None, events: Tensor | None) -> Seen:
        """Encode normalised pictures float32 [B, 3, H, W]; what is not looked at is None."""
        seen: Seen = self.sight(image, events)
        return seen

    def likeness(self, seen: Seen, said: Said) -> Tensor:
        """Return masks without the decoder: where a picture is like its sentence.

        Args:
            seen: N pictures, or one that all sentences are compared with.
            said: N sentences.

        Returns:
            Logits float32 [N, 1, 4h, 4w].
        """
        places = [maps for maps in (seen.embedding, seen.hierarchy) if maps is not None]
        return alike(places, said, self.choice.temperature)

    def answer(
        self, seen: Seen, said: Said, track: Tensor | None = None,
        has_track: Tensor | None = None,
    ) -> Answer:
        """Look for N targets in N pictures.

        Args:
            seen: N pictures, or one that all targets are looked for in.
            said: N sentences.
            track: What the frame before told, float32 [N, 256]; None in a first frame.
            has_track: Which targets have a track, float32 [N]; None for all.
        """
        if self.choice.answers == 'likeness':
            logits = self.likeness(seen, said)
            return Answer(logits, logits.sigmoid().flatten(1).amax(1), None)
        seen = seen.repeated(said.words.shape[0])
        told = None if self.tracking is None else track
        dense = self.dense(seen.embedding, seen.hierarchy, said) if (
            seen.hierarchy is not None) else self.dense(seen.embedding, said)
        scale = self.choice.scale
        logits, expected, main = self.decoder(
            scale * (seen.embedding + dense), said._replace(words=scale * said.words), told,
            has_track, seen.detail)
        after = None
        if self.tracking is not None:
            if told is not None:
                before = told if has_track is None else told * has_track[:, None]
                main = main + before
            after = self.tracking(main)
        return Answer(logits[:, :1], expected[:, 0], after)

    def follow(self, frames: list[Seen], said: Said) -> tuple[Tensor, Tensor]:
        """Answer frame after frame, each told the track of the one before.

        Args:
            frames: T of them, of N pictures each.
            said: N sentences.

        Returns:
            Logits float32 [T, N, 4h, 4w] and scores float32 [T, N].
        """
        logits, scores = [], []
        track: Tensor | None = None
        for seen in frames:
            found = self.answer(seen, said, track)
            track = found.track
            logits.append(found.logits[:, 0])
            scores.append(found.score)
        return torch.stack(logits), torch.stack(scores)

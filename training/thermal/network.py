# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The whole network: two pictures, one encoder, two heads."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from .fusion import ScaleFusion
from .guess import Guess, distance
from .heads import ClassDecoder, PyramidHead
from .low_rank import keep_norms, low_rank_layers, merged, twin
from .pyramid import WIDTHS, Encoder, Pyramid

HEADS = (1, 2, 4)
"""Attention heads of the fusion at each scale."""
Modalities = Literal['both', 'rgb', 'thermal']
Answer = Literal['both', 'main']


class Outputs(NamedTuple):
    """All that the losses need; logits are [B, C, H / 4, W / 4].

    Attributes:
        main: The main head, averaged over the modalities that are there.
        rgb: The main head on the colour picture; None in a network without it.
        thermal: The main head on the thermal picture; None in a network without it.
        auxiliary: The pyramid head on the fused maps.
        semantic: The fused map at stride 16, [B, 256, H / 16, W / 16].
        apart: What is answered from the colour picture alone and from the thermal picture
            alone; None where it was not asked for or there is one modality.
        missed: How far what is guessed of each modality is from what it shows, [B]; None in a
            network that does not guess.
    """

    main: Tensor
    rgb: Tensor | None
    thermal: Tensor | None
    auxiliary: Tensor
    semantic: Tensor
    apart: tuple[Tensor, Tensor] | None = None
    missed: Tensor | None = None


def _either(here: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """Return `one` where its picture is there (here [B] is 1), else `other`."""
    weight = here[:, None, None, None]
    return one * weight + other * (1 - weight)


class RgbtNetwork(nn.Module):
    """SARTM with rectification and fusion fed by both modalities.

    Where one picture is missing the main head answers for the other alone, and the fusion is
    fed with that one twice, or with that one and what it lets guess of the other.
    """

    def __init__(
        self, encoder: Encoder, classes: int, modalities: Modalities = 'both',
        answer: Answer = 'both', own_sets: bool = False, width: int = WIDTHS[2],
        guess: bool = False,
    ) -> None:
        """Build around an encoder, whose low-rank weights are in place already.

        Args:
            encoder: Shared by the modalities.
            classes: Number of classes.
            modalities: `both`, or the only one that it looks at.
            answer: What `forward` gives: both heads' logits summed (the paper's figure), or the
                main head alone (the published evaluation).
            own_sets: Whether each modality has low-rank weights of its own (the text of a
                review), not one set for both (the published code).
            width: Channels of the pyramid head.
            guess: Whether the features of a missing picture are guessed.
        """
        super().__init__()
        self.encoder = encoder
        self.second: Encoder | None = twin(encoder) if own_sets else None
        self.fusions = nn.ModuleList(
            ScaleFusion(c, heads) for c, heads in zip(WIDTHS, HEADS, strict=True))
        self.decoder = ClassDecoder(classes)
        self.head = PyramidHead(classes, width)
        self.classes, self.modalities, self.answer = classes, modalities, answer
        # Of heat from colour, and of colour from heat.
        self.guesses = nn.ModuleList(Guess() for _ in range(2 * guess))

    def train(self, mode: bool = True) -> RgbtNetwork:
        """Set the mode; norms beside low-rank weights keep their statistics."""
        super().train(mode)
        for encoder in (self.encoder, self.second):
            if encoder is not None and any(low_rank_layers(encoder)):
                keep_norms(encoder)
        return self

    def _encode(self, rgb: Tensor, thermal: Tensor) -> tuple[Pyramid, Pyramid]:
        if self.modalities != 'both':
            alone = self.encoder(rgb if self.modalities == 'rgb' else thermal)
            return alone, alone
        if self.second is not None:
            return self.encoder(rgb), self.second(thermal)
        halves = [level.chunk(2) for level in self.encoder(torch.cat([rgb, thermal]))]
        return Pyramid(*(h[0] for h in halves)), Pyramid(*(h[1] for h in halves))

    def outputs(
        self, rgb: Tensor, thermal: Tensor, present: Tensor, apart: bool = False,
    ) -> Outputs:
        """Run everything.

        Args:
            rgb: Normalised colour pictures [B, 3, H, W]; zeros where missing.
            thermal: Normalised thermal pictures [B, 3, H, W]; zeros where missing.
            present: Which are there, float32 [B, 2]: 1 or 0, colour first; at least one. A
                network of one modality does not look at it.
            apart: Whether to answer from each picture alone, too.
        """
        one, two = self._encode(rgb, thermal)
        if self.modalities != 'both':
            logits = self.decoder(one)
            fused = self._fused(one, one)
            colour = logits if self.modalities == 'rgb' else None
            warm = logits if self.modalities == 'thermal' else None
            return Outputs(logits, colour, warm, self.head(fused), fused.coarse)
        joined = Pyramid(*(torch.cat(pair) for pair in zip(one, two, strict=True)))
        of_rgb, of_thermal = self.decoder(joined).chunk(2)
        weight = (present / present.sum(1, keepdim=True))[..., None, None, None]
        main = of_rgb * weight[:, 0] + of_thermal * weight[:, 1]
        # What stands in for a missing picture.
        warm, tint, missed = one, two, None
        if self.guesses:
            warm, tint = (guess(seen) for guess, seen in zip(
                self.guesses, (one, two), strict=True))
            missed = distance(warm, two) + distance(tint, one)
        first = Pyramid(*(_either(present[:, 0], a, b) for a, b in zip(one, tint, strict=True)))
        second = Pyramid(*(_either(present[:, 1], b, a) for b, a in zip(two, warm, strict=True)))
        if not apart:
            fused = self._fused(first, second)
            return Outputs(
                main, of_rgb, of_thermal, self.head(fused), fused.coarse, missed=missed)
        # In one batch: norms learn the statistics of all that they will meet.
        batch = self._fused(*(
            Pyramid(*(torch.cat(levels) for levels in zip(*sides, strict=True)))
            for sides in ((first, one, tint), (second, warm, two))))
        auxiliary, from_rgb, from_thermal = self.head(batch).chunk(3)
        return Outputs(
            main, of_rgb, of_thermal, auxiliary, batch.coarse.chunk(3)[0],
            (self._answer(of_rgb, from_rgb), self._answer(of_thermal, from_thermal)), missed)

    def _answer(self, main: Tensor, auxiliary: Tensor) -> Tensor:
        return main + auxiliary if self.answer == 'both' else main

    def _fused(self, first: Pyramid, second: Pyramid) -> Pyramid:
        return Pyramid(*(
            fusion(*levels) for fusion, *levels in zip(self.fusions, first, second, strict=True)))

    def forward(self, rgb: Tensor, thermal: Tensor, present: Tensor) -> Tensor:
        """Return class logits [B, C, H / 4, W / 4]; see outputs."""
        found = self.outputs(rgb, thermal, present)
        return self._answer(found.main, found.auxiliary)

    def merge(self) -> None:
        """Add the low-rank weights to the others, for good: for export."""
        self.encoder = merged(self.encoder)
        if self.second is not None:
            self.second = merged(self.second)

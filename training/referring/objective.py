# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The network and what it is taught by clips, in one module, so that Fabric wraps one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..thermal.batches import normalised
from .batches import Batch
from .losses import contrast_loss, dice_loss, focal_loss, reached_iou
from .network import ReferringNetwork
from .networks.sight import Seen
from .networks.words import Said
from .recipe import ReferringRecipe

PARTS = ('dice', 'focal', 'score', 'contrast', 'alignment')


def _of(clips: int, maps: Tensor) -> Tensor:
    """Return maps [T, clips * S, H, W] as [T, clips, S, H, W]."""
    return maps.reshape(maps.shape[0], clips, -1, *maps.shape[-2:])


class Objective(nn.Module):
    """Clips to losses, frame after frame with the track of the frame before."""

    def __init__(self, recipe: ReferringRecipe, network: ReferringNetwork) -> None:
        """Take what learns."""
        super().__init__()
        self.recipe, self.network = recipe, network
        for name in ('image_mean', 'image_std', 'event_mean', 'event_std'):
            self.register_buffer(name, torch.tensor(getattr(recipe, name)), persistent=False)

    def see(self, frames: Tensor | None, pictures: Tensor | None, inside: Tensor) -> Seen:
        """Encode pictures.

        Args:
            frames: uint8 [M, H, W, 3], RGB, or None; not looked at by a network of events alone.
            pictures: Of events, uint8 [M, H, W, 3], or None; not looked at by one of images.
            inside: What of the frames is no padding, bool [M, H, W].
        """
        image = events = None
        if frames is not None and self.recipe.network.modalities != 'events':
            image = normalised(frames, inside, self.get_buffer('image_mean'),
                               self.get_buffer('image_std'))
        if pictures is not None and self.recipe.network.modalities != 'images':
            events = normalised(pictures, torch.ones_like(inside), self.get_buffer('event_mean'),
                                self.get_buffer('event_std'))
        return self.network.see(image, events)

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and its parts, unweighted."""
        clips, count = batch.inside.shape[0], batch.masks.shape[2]
        inside = batch.inside.repeat_interleave(count, 0)
        frames, pictures = batch.frames, batch.pictures
        if frames is not None and pictures is not None and (
                float(torch.rand(())) < self.recipe.missing):
            # one of the two is left out, of the whole batch
            frames, pictures = (frames, None) if float(torch.rand(())) < 0.5 else (None, pictures)
        seen = self.see(
            None if frames is None else frames.flatten(0, 1),
            None if pictures is None else pictures.flatten(0, 1), inside)
        said = self.network.say(batch.ids, batch.words)
        clip_of = torch.arange(clips, device=batch.ids.device).repeat_interleave(
            batch.masks.shape[1])
        logits, scores = self.network.follow(
            [seen.chosen(clip_of * count + t) for t in range(count)], said)
        target = batch.masks.flatten(0, 1).transpose(0, 1).float()
        full = F.interpolate(
            logits, target.shape[-2:], mode='bilinear', align_corners=False).float()
        loss = self.recipe.loss
        parts = {'dice': dice_loss(full, target).mean(),
                 'focal': focal_loss(full, target, loss.alpha, loss.gamma).mean(),
                 'score': F.mse_loss(scores.float(), reached_iou(full, target))}
        total = (loss.dice * parts['dice'] + loss.focal * parts['focal']
                 + loss.score * parts['score'])
        if loss.contrast:
            parts['contrast'] = contrast_loss(_of(clips, full), _of(clips, target))
            total = total + loss.contrast * parts['contrast']
        if loss.alignment:
            parts['alignment'] = self._alignment(
                [seen.chosen(clip_of * count + t) for t in range(count)], said, target, clips)
            total = total + loss.alignment * parts['alignment']
        return total, {'loss': total.detach()} | {k: v.detach() for k, v in parts.items()}

    def _alignment(
            self, frames: list[Seen], said: Said, target: Tensor, clips: int) -> Tensor:
        """Compare sentences with places of the pictures, without the decoder.

        Args:
            frames: T of them, of N pictures each.
            said: N sentences.
            target: float32 [T, N, H, W].
            clips: That the N belong to, equally many to each.
        """
        logits = torch.stack([self.network.likeness(seen, said)[:, 0] for seen in frames])
        full = F.interpolate(
            logits, target.shape[-2:], mode='bilinear', align_corners=False).float()
        return dice_loss(full, target).mean() + contrast_loss(_of(clips, full), _of(clips, target))

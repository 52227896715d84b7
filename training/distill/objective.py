# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a student is asked to do: the losses of a recipe on a batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..losses.prompt import dice, focal, iou
from ..losses.tokens import token_distance, token_loss
from ..networks.encoder import EMBEDDING
from ..networks.promptable import PromptDecoder
from ..networks.sam_vit import Features, SamVit
from .batches import Batch
from .questions import Questions, Style, boxes_around, clicks, with_boxes
from .recipe import DistillRecipe

_CROSS_WEIGHT = 5.0
"""Of the cross entropy against the Dice distance, where the teacher's masks are learnt."""
_FOCAL_WEIGHT = 20.0
"""Of the focal loss against the Dice distance, where labels are learnt (Kirillov et al., 2023)."""

COUNTS = ('valid', 'is_object', 'known')
"""What the means of a loss are taken over, where processes may differ in it."""


class Networks(nn.Module):
    """Student and decoder: all that is trained, averaged and stored."""

    def __init__(self, student: nn.Module, decoder: PromptDecoder) -> None:
        """Join them."""
        super().__init__()
        self.student = student
        self.decoder = decoder


def scaled(pictures: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return uint8 pictures [B, H, W, 3] as network input float32 [B, 3, H, W]."""
    image = (pictures.float() - mean) / std
    # a view of [B, H, W, 3] is what convolutions like best
    return image.permute(0, 3, 1, 2)


def ask(decoder: PromptDecoder, embedding: Tensor, asked: Questions) -> tuple[Tensor, Tensor]:
    """Return mask logits [N, 4, rows, columns] and expected IoU [N, 4] as float32.

    Args:
        decoder: Any.
        embedding: [B, C, h, w].
        asked: N prompts, as many for each picture, in the order of the pictures.
    """
    each = len(asked.coords) // len(embedding)
    # an index would do, but its gradient adds up in any order
    spread = embedding.repeat_interleave(each, 0)
    logits, scores = decoder(spread, asked.coords, asked.labels, asked.masks, asked.has_mask)
    return logits.float(), scores.float()


def mask_distance(logits: Tensor, teacher: Tensor, inside: Tensor) -> Tensor:
    """Return how far masks are from a teacher's: cross entropy and Dice, least where equal.

    Args:
        logits: float32 [N, K, rows, columns].
        teacher: The teacher's logits, of the same shape.
        inside: What counts, float32 [N, 1, rows, columns].

    Returns:
        float32 [N, K].
    """
    wanted = teacher.sigmoid()
    cross = F.binary_cross_entropy_with_logits(logits, wanted, reduction='none')
    cross = (cross * inside).sum((-2, -1)) / inside.sum((-2, -1)).clamp_min(1)
    p, q = logits.sigmoid() * inside, wanted * inside
    overlap = 2 * (p * q).sum((-2, -1)) + 1
    apart = 1 - overlap / ((p * p).sum((-2, -1)) + (q * q).sum((-2, -1)) + 1)
    return _CROSS_WEIGHT * cross + apart


class Objective(nn.Module):
    """The loss of a batch; it owns the networks, so that DDP sees all that is trained."""

    mean: Tensor
    std: Tensor

    def __init__(
        self, recipe: DistillRecipe, networks: Networks, teacher: PromptDecoder, style: Style,
    ) -> None:
        """Prepare.

        Args:
            recipe: Weights.
            networks: To train.
            teacher: The frozen decoder of the teacher.
            style: How it is asked.
        """
        super().__init__()
        self.networks = networks
        self._recipe, self._style = recipe, style
        self._teacher = [teacher]   # in a list: not ours to train, average or store
        for name, value in (('mean', recipe.student.mean), ('std', recipe.student.std)):
            self.register_buffer(name, torch.tensor(value), persistent=False)

    def _features(self, batch: Batch, patches: Tensor | None) -> Features:
        image = scaled(batch.pictures, self.mean, self.std)
        student = self.networks.student
        if batch.mixed is None or patches is None:
            features: Features = student(image)
            return features
        assert isinstance(student, SamVit)
        own = student.embed(image)
        return student.encode(torch.where(batch.mixed[..., None], patches.to(own.dtype), own))

    def _prompt_loss(self, batch: Batch, embedding: Tensor, wanted: Tensor) -> Tensor:
        """Return how far the masks are from the teacher's.

        Every second point becomes the box around the teacher's mask of it.
        """
        assert batch.points is not None
        teacher, points = self._teacher[0], batch.points
        pictures, each = points.shape[:2]
        low = (batch.inside.shape[-2], batch.inside.shape[-1])
        with torch.no_grad():
            asked = clicks(points.flatten(0, 1), self._style, low)
            if each > 1:
                first = clicks(points[:, 1::2].flatten(0, 1), self._style, low)
                logits, _ = ask(teacher, wanted, first)
                shown = batch.inside[:, 0].repeat_interleave(each // 2, 0)
                found, there = boxes_around((logits[:, 0] > 0) & shown)
                boxes = points.new_zeros(pictures, each, 4)
                chosen = torch.zeros(pictures, each, dtype=torch.bool, device=points.device)
                boxes[:, 1::2] = found.reshape(pictures, -1, 4)
                chosen[:, 1::2] = there.reshape(pictures, -1)
                asked = with_boxes(
                    asked, boxes.flatten(0, 1), chosen.flatten(0, 1), self._style)
            logits, scores = ask(teacher, wanted, asked)
            inside = batch.inside.repeat_interleave(each, 0)
        ours, expected = ask(self.networks.decoder, embedding, asked)
        apart = mask_distance(ours, logits, inside.float()).mean()
        return apart + self._recipe.loss.score * F.mse_loss(expected, scores)

    def _mask_loss(self, batch: Batch, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """Return losses summed over objects, and over all prompts with labels."""
        assert batch.coords is not None
        assert batch.labels is not None
        assert batch.masks is not None
        assert batch.has_mask is not None
        assert batch.target is not None
        assert batch.is_object is not None
        assert batch.known is not None
        asked = Questions(batch.coords, batch.labels, batch.masks, batch.has_mask)
        logits, scores = ask(self.networks.decoder, embedding, asked)
        wanted = batch.target[:, None].expand_as(logits)
        each = _FOCAL_WEIGHT * focal(logits, wanted) + dice(logits, wanted)
        best = each[:, 0] + each[:, 1:].amin(1)
        with torch.no_grad():
            reached = iou(logits, wanted) * batch.is_object[:, None]
        off = ((scores - reached) ** 2).mean(1)
        return (best * batch.is_object).sum(), (off * batch.known).sum()

    def forward(
        self, batch: Batch, counts: dict[str, Tensor], patches: Tensor | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and its parts.

        Args:
            batch: With the teacher's outputs.
            counts: Mean over all processes of the tokens with content, of prompts on objects, and
                of prompts with labels: with them the mean of the processes' gradients is that of
                one process with the whole batch.
            patches: The teacher's patch tokens [B, h, w, C], where tokens are mixed.

        Returns:
            Scalar, and by name the unweighted parts without gradient.
        """
        loss = self._recipe.loss
        features = self._features(batch, patches)
        embedding = features.embedding.float()
        share = batch.valid.sum() / counts['valid'].clamp_min(1)
        total = torch.zeros((), device=embedding.device)
        parts: dict[str, Tensor] = {}
        if loss.tokens:
            assert batch.taps is not None
            taps = [t.float() for t in batch.taps.unbind(1)]
            if batch.weights is None:
                weights = [torch.ones_like(taps[0][:, :1])] * len(taps)
            else:
                weights = [w[:, None].float() for w in batch.weights.unbind(1)]
            apart, each = token_loss(
                [t.float() for t in features.taps], taps, weights, batch.valid, loss.lambdas)
            parts |= {'tokens': apart} | {f'tap_{k}': d for k, d in enumerate(each, 1)}
            total = total + loss.tokens * share * apart
        if batch.embedding is not None and (loss.embedding or loss.prompts):
            wanted = batch.embedding.float()
            if loss.embedding:
                parts['embedding'] = token_distance(
                    embedding[:, :EMBEDDING], wanted, None, batch.valid)
                total = total + loss.embedding * share * parts['embedding']
            if loss.prompts:
                parts['prompts'] = self._prompt_loss(batch, embedding, wanted)
                total = total + loss.prompts * parts['prompts']
        if loss.masks:
            on_objects, expected = self._mask_loss(batch, embedding)
            parts['masks'] = (on_objects / counts['is_object'].clamp_min(1)
                              + loss.score * expected / counts['known'].clamp_min(1))
            total = total + loss.masks * parts['masks']
        return total, {'loss': total.detach()} | {k: v.detach() for k, v in parts.items()}

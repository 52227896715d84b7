# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""SAM's prompt encoder and mask decoder for many prompts on many pictures in one call.

The modules are segment_anything's own, so that official weights load by name; what is new is the
order of the arithmetic: no in-place assignment (it does not export to ONNX) and each prompt names
the picture it belongs to.
"""

from __future__ import annotations

from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import DETAIL_STRIDE, EMBEDDING, STRIDE, CompactEncoder, DenseHead
from .sam_vit import SPECS, Features, SamVit

LOW_RES = 4
"""Stride of the decoder's masks and of its mask input."""
_SHARPNESS = 2.5
"""Factor on the initial projections; attention begins within about a tenth of the picture."""


class PromptDecoder(nn.Module):
    """Prompts and an embedding to masks and their expected IoU."""

    def __init__(
        self, width: int, height: int, frequency: float = 1.0, detail: int = 0,
    ) -> None:
        """Build for an input size.

        Args:
            width: Columns of the network's input, a multiple of 16.
            height: Rows of the network's input, a multiple of 16.
            frequency: Spread of the position encoding's random frequencies; 1 is SAM's own.
            detail: Channels of the detail behind the embedding (see CompactEncoder); 0 for none.
        """
        super().__init__()
        grid = (height // STRIDE, width // STRIDE)
        self.prompt_encoder = PromptEncoder(
            embed_dim=EMBEDDING, image_embedding_size=grid, input_image_size=(height, width),
            mask_in_chans=16)
        self.prompt_encoder.pe_layer.positional_encoding_gaussian_matrix *= frequency
        self.mask_decoder = MaskDecoder(
            transformer_dim=EMBEDDING, num_multimask_outputs=3, iou_head_depth=3,
            iou_head_hidden_dim=256,
            transformer=TwoWayTransformer(
                depth=2, embedding_dim=EMBEDDING, mlp_dim=2048, num_heads=8))
        self._look_where_prompted()
        self.detail = self._from_nothing(detail) if detail else None

    def _from_nothing(self, channels: int) -> nn.Conv2d:
        """Return the projection of the detail, which starts as no detail at all."""
        upscaled = self.mask_decoder.output_upscaling[-2].out_channels
        assert isinstance(upscaled, int)
        projection = nn.Conv2d(channels, upscaled, 1)
        nn.init.zeros_(projection.weight)
        assert projection.bias is not None
        nn.init.zeros_(projection.bias)
        return projection

    @torch.no_grad()
    def _look_where_prompted(self) -> None:
        """Start all attention between tokens and picture as "what lies at the same place".

        With equal query and key projections the attention's logits begin as the similarity of
        two positions. From random projections, training first spends its time on finding out
        that prompts have a place at all.
        """
        transformer = self.mask_decoder.transformer
        crossings = [transformer.final_attn_token_to_image]
        for layer in transformer.layers:
            crossings += [layer.cross_attn_token_to_image, layer.cross_attn_image_to_token]
        for crossing in crossings:
            crossing.q_proj.weight *= _SHARPNESS
            crossing.k_proj.weight.copy_(crossing.q_proj.weight)
            crossing.q_proj.bias.zero_()
            crossing.k_proj.bias.zero_()

    def resize(self, width: int, height: int) -> None:
        """Serve another input size; positions are relative, so the weights stay valid."""
        encoder = self.prompt_encoder
        encoder.input_image_size = (height, width)
        encoder.image_embedding_size = (height // STRIDE, width // STRIDE)

    def embed_points(self, coords: Tensor, labels: Tensor) -> Tensor:
        """Embed points and box corners.

        Args:
            coords: float32 [N, P, 2], x and y in pixels of the network's input.
            labels: float32 [N, P]: 1 object, 0 not object, 2 and 3 box corners, -1 padding.

        Returns:
            float32 [N, P, 256].
        """
        encoder = self.prompt_encoder
        height, width = encoder.input_image_size
        size = torch.tensor([width, height], dtype=torch.float32, device=coords.device)
        place = encoder.pe_layer._pe_encoding((coords + 0.5) / size)
        kind = labels.unsqueeze(-1)
        out: Tensor = place * (kind >= 0) + encoder.not_a_point_embed.weight * (kind < 0)
        for label, table in enumerate(encoder.point_embeddings):
            out = out + table.weight * (kind == label)
        return out

    def embed_masks(self, masks: Tensor, has_mask: Tensor) -> Tensor:
        """Embed mask prompts, float32 [M, 1, 4h, 4w] logits; has_mask float32 [M] is 0 or 1."""
        encoder = self.prompt_encoder
        given = has_mask.reshape(-1, 1, 1, 1)
        none = encoder.no_mask_embed.weight.reshape(1, -1, 1, 1)
        out: Tensor = encoder.mask_downscaling(masks) * given + none * (1 - given)
        return out

    def forward(
        self, embedding: Tensor, coords: Tensor, labels: Tensor, masks: Tensor, has_mask: Tensor,
        picture_of: Tensor | None = None, position: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Decode N prompts.

        Args:
            embedding: float32 [B, 256 + 16 * detail, h, w].
            coords: See embed_points.
            labels: See embed_points.
            masks: See embed_masks; M is N, or 1 where no prompt has a mask: with one picture
                the first attention then projects it once for all prompts.
            has_mask: See embed_masks.
            picture_of: int64 [N], the picture of each prompt; None where B is 1.
            position: The grid's position encoding [1, 256, h, w], if computed before.

        Returns:
            Mask logits float32 [N, 4, 4h, 4w] (0: single, 1 to 3: parts to whole) and expected
            IoU float32 [N, 4].
        """
        sparse = self.embed_points(coords, labels)
        dense = self.embed_masks(masks, has_mask)
        detail = None
        if self.detail is not None:
            detail = self.unfolded(embedding[:, EMBEDDING:])
            embedding = embedding[:, :EMBEDDING]
        if picture_of is not None:
            embedding = embedding[picture_of]
            detail = None if detail is None else detail[picture_of]
        if position is None:
            position = self.prompt_encoder.get_dense_pe()
        return self._decode(embedding + dense, position, sparse, detail)

    def unfolded(self, folded: Tensor) -> Tensor | None:
        """Return detail [B, 16 * detail, h, w] as the upscaling adds it; None without detail."""
        if self.detail is None:
            return None
        raised: Tensor = self.detail(F.pixel_shuffle(folded, STRIDE // DETAIL_STRIDE))
        return raised

    def _decode(
        self, source: Tensor, position: Tensor, sparse: Tensor, detail: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Run the two-way transformer and the heads of MaskDecoder on [N, 256, h, w]."""
        decoder = self.mask_decoder
        own = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
        tokens = torch.cat([own.expand(sparse.shape[0], -1, -1), sparse], 1)
        height, width = source.shape[-2:]
        out, keys = decoder.transformer(source, position, tokens)
        return self.heads(out, keys, (height, width), detail)

    def heads(
        self, out: Tensor, keys: Tensor, grid: tuple[int, int], detail: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Return what the transformer's outputs say; see forward.

        Args:
            out: Tokens float32 [N, 5 or more, 256]: expected IoU, four masks, prompts.
            keys: Places float32 [N, h * w, 256].
            grid: Rows and columns of the places.
            detail: float32 [N, detail, 4h, 4w], or None.
        """
        decoder, (height, width) = self.mask_decoder, grid
        *raising, last = decoder.output_upscaling
        upscaled = keys.transpose(1, 2).reshape(-1, EMBEDDING, height, width)
        for layer in raising:
            upscaled = layer(upscaled)
        upscaled = last(upscaled if detail is None else upscaled + detail)
        weights = torch.stack(
            [head(out[:, 1 + i]) for i, head in enumerate(decoder.output_hypernetworks_mlps)], 1)
        flat = weights @ upscaled.flatten(2)
        logits = flat.reshape(-1, weights.shape[1], LOW_RES * height, LOW_RES * width)
        return logits, decoder.iou_prediction_head(out[:, 0])


class _Embedding(nn.Module):
    """A transformer's embedding alone."""

    def __init__(self, network: SamVit) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        features: Features = self.network(image)
        return features.embedding


class PromptableSegmenter(nn.Module):
    """Encoder and decoder together, with the auxiliary head of training."""

    def __init__(
        self, backbone: str, width: int, height: int, frequency: float = 1.0, detail: int = 0,
    ) -> None:
        """Build for an input size; see CompactEncoder and PromptDecoder.

        Args:
            backbone: A name of SPECS for a transformer of that input size only, or of timm.
            width: Columns of the input.
            height: Rows of the input.
            frequency: See PromptDecoder.
            detail: See CompactEncoder; transformers have none.

        Raises:
            ValueError: A transformer with detail, or a backbone that cannot serve.
        """
        super().__init__()
        if backbone in SPECS and detail:
            raise ValueError(f'{backbone} gives no detail at stride 4')
        self.encoder: nn.Module = (
            _Embedding(SamVit(SPECS[backbone], height, width)) if backbone in SPECS
            else CompactEncoder(backbone, detail=detail))
        self.decoder = PromptDecoder(width, height, frequency, detail)
        self.dense = DenseHead()

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Text encoders of transformers whose weights lie in a folder: T5, CLIP and RoBERTa."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from eventsam_ros.inference.word_pieces import WordPieces

from ...errors import RecipeError
from .encoder import Encoded, pooled_mean

MODELS = MappingProxyType({
    't5': 'T5EncoderModel', 'clip': 'CLIPTextModel', 'roberta': 'RobertaModel'})
"""Class of transformers for each kind; RefSAM's own is T5 (t5-3b)."""


class PublishedTextEncoder(nn.Module):
    """A published encoder; its last hidden states are the tokens.

    The pooled vector is CLIP's own (that of the end token), and the mean of the tokens for the
    others. Unlike the published code of RefSAM, padding takes part in nothing.
    """

    def __init__(self, kind: str, model: nn.Module) -> None:
        """Take a model of transformers.

        Args:
            kind: One of MODELS.
            model: Of that class.
        """
        super().__init__()
        self.kind = kind
        self.model = model
        config: Any = model.config
        self.width = int(config.hidden_size)
        self._padding = int(config.pad_token_id or 0)

    def forward(self, ids: Tensor, mask: Tensor) -> Encoded:
        """Encode tokens int64 [B, N] with mask float32 [B, N]."""
        # RoBERTa counts places by what is not its own padding token
        ids = torch.where(mask > 0, ids, self._padding)
        found: Any = self.model(input_ids=ids, attention_mask=mask.long())
        tokens: Tensor = found.last_hidden_state
        if self.kind == 'clip':
            last = (mask.sum(1).long() - 1).clamp_min(0)
            pooled = tokens.gather(1, last[:, None, None].expand(-1, 1, self.width))[:, 0]
        else:
            pooled = pooled_mean(tokens, mask)
        return Encoded(tokens, mask, pooled)


def _transformers() -> Any:
    try:
        return importlib.import_module('transformers')
    except ImportError as error:
        raise RecipeError('published text encoders need the package transformers; install it '
                          'with: pip install transformers') from error


def load_published(kind: str, folder: Path) -> PublishedTextEncoder:
    """Return an encoder whose weights lie in a folder, as transformers saves them.

    Args:
        kind: One of MODELS.
        folder: Such as a local copy of google-t5/t5-3b or FacebookAI/roberta-large; nothing is
            fetched.

    Raises:
        RecipeError: transformers is not installed, or the folder holds no such model.
        ValueError: No such kind.
    """
    if kind not in MODELS:
        raise ValueError(f'kind must be one of {", ".join(MODELS)}, but got {kind!r}')
    options = {'add_pooling_layer': False} if kind == 'roberta' else {}
    try:
        # 'eager' attention is what the ONNX exporter can trace
        model = getattr(_transformers(), MODELS[kind]).from_pretrained(
            folder, local_files_only=True, attn_implementation='eager', dtype=torch.float32,
            **options)
    except (OSError, ValueError) as error:
        raise RecipeError(
            f'{folder} holds no {kind} model: {" ".join(str(error).split())}') from error
    return PublishedTextEncoder(kind, model.eval())


def published_words(folder: Path, tokens: int) -> WordPieces:
    """Return the tokenizer in a folder, set to cut and pad every sentence to one length.

    Args:
        folder: As for load_published, with tokenizer files.
        tokens: The length, the end token included.

    Raises:
        RecipeError: transformers is not installed, or the folder holds no tokenizer.
    """
    try:
        tokenizer = _transformers().AutoTokenizer.from_pretrained(folder, local_files_only=True)
        inner = tokenizer.backend_tokenizer
    except (OSError, ValueError, AttributeError, ImportError) as error:
        raise RecipeError(
            f'{folder} holds no tokenizer: {" ".join(str(error).split())}') from error
    inner.enable_truncation(max_length=tokens)
    inner.enable_padding(
        length=tokens, pad_id=tokenizer.pad_token_id or 0, pad_token=tokenizer.pad_token or '')
    return WordPieces(inner, tokens)

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Tokenizers of published text encoders, as the package tokenizers stores them."""

from __future__ import annotations

from dataclasses import dataclass
import importlib
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.errors import BundleError
from eventsam_ros.events.types import Float32, Int64


@dataclass(frozen=True)
class WordPieces:
    """The tokenizer of a published text encoder, as the package tokenizers stores it.

    Attributes:
        inner: A tokenizers.Tokenizer that cuts and pads to one length.
        tokens: That length.
    """

    inner: Any
    tokens: int

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Return nothing: it takes any word."""
        return ()

    @property
    def size(self) -> int:
        """Return how many different tokens there are."""
        return int(self.inner.get_vocab_size())

    @property
    def suffix(self) -> str:
        """Return how the name of its file ends."""
        return '.json'

    def encode(self, text: str) -> tuple[Int64, Float32]:
        """Return tokens int64 [1, L] and 1 for a token, 0 for padding, float32 [1, L]."""
        found = self.inner.encode(' '.join(text.lower().split()))
        return (np.asarray([found.ids], np.int64),
                np.asarray([found.attention_mask], np.float32))

    def unknown(self, text: str) -> tuple[str, ...]:  # noqa: ARG002 - as Words says
        """Return nothing: any word is pieces that are known."""
        return ()

    def write(self, path: Path) -> None:
        """Write the JSON file of the package tokenizers."""
        self.inner.save(str(path))


def read_pieces(path: Path) -> WordPieces:
    """Read a file of the package tokenizers.

    Raises:
        BundleError: The package is not installed.
        ValueError: It is no such file, or does not give one length.
        OSError: It is missing.
    """
    try:
        package: Any = importlib.import_module('tokenizers')
    except ImportError as error:
        raise BundleError(f'{path} needs the package tokenizers; install it with: '
                          'pip install tokenizers') from error
    if not path.is_file():
        raise FileNotFoundError(f'file {path} is missing')
    try:
        inner = package.Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises nothing narrower
        raise ValueError(str(error).splitlines()[0]) from error
    if not inner.truncation or not inner.padding or (
            inner.truncation['max_length'] != inner.padding['length']):
        raise ValueError('it must cut and pad every sentence to one length')
    return WordPieces(inner, int(inner.padding['length']))

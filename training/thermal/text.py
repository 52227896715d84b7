# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Vectors of class names: from a file, from a user's CLIP, or a table of attributes."""

from __future__ import annotations

from collections.abc import Sequence
import csv
from dataclasses import dataclass
import importlib
from pathlib import Path
from typing import Any

import numpy as np

from eventsam_ros.events.types import Float32

from ..errors import RecipeError

ATTRIBUTES = Path(__file__).parents[1] / 'recipes' / 'sartm_attributes.csv'
"""What the classes of MFNet, PST900 and FMB are, by declared attributes: stands in where there is
no CLIP. It tells what is alike (car and truck) and what is not, as far as its columns go."""


@dataclass(frozen=True)
class TextVectors:
    """One vector a class.

    Attributes:
        source: Where they come from.
        names: Of the classes.
        vectors: float32 [C, D].
    """

    source: str
    names: tuple[str, ...]
    vectors: Float32

    def of(self, names: Sequence[str]) -> TextVectors:
        """Return the vectors of some classes, in their order.

        Raises:
            RecipeError: One is not there.
        """
        places = {name: k for k, name in enumerate(self.names)}
        if missing := [name for name in names if name not in places]:
            raise RecipeError(f'{self.source} has no vector of {", ".join(missing)}')
        return TextVectors(
            self.source, tuple(names), self.vectors[[places[name] for name in names]])


def read_vectors(path: Path) -> TextVectors:
    """Read a file of vectors: CSV, a line a class, its name first; a first line `name,...` titles.

    Raises:
        RecipeError: It cannot be read, lines differ in length, or a value is no number.
    """
    try:
        with path.open(newline='', encoding='utf-8') as file:
            lines = [line for line in csv.reader(file) if line]
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f'{path} cannot be read: {error}') from error
    if lines and lines[0][0] == 'name':
        lines = lines[1:]
    if not lines or len({len(line) for line in lines}) != 1 or len(lines[0]) < 2:
        raise RecipeError(f'{path} must have a name and equally many numbers on each line')
    try:
        vectors = np.asarray([[float(v) for v in line[1:]] for line in lines], np.float32)
    except ValueError as error:
        raise RecipeError(f'{path} has a value that is no number: {error}') from error
    if not np.isfinite(vectors).all() or not np.abs(vectors).sum(1).all():
        raise RecipeError(f'{path} has a vector that is not finite, or is 0')
    return TextVectors(path.name, tuple(line[0] for line in lines), vectors)


def write_vectors(path: Path, wanted: TextVectors) -> None:
    """Write a file that read_vectors reads."""
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(['name', *(f'v{k}' for k in range(wanted.vectors.shape[1]))])
        for name, vector in zip(wanted.names, wanted.vectors, strict=True):
            writer.writerow([name, *(f'{v:.6g}' for v in vector)])


def vectors_for(names: Sequence[str], path: Path | None) -> TextVectors:
    """Return the vectors of a recipe's classes.

    Args:
        names: Of the classes.
        path: File of vectors; None takes ATTRIBUTES.

    Raises:
        RecipeError: The file cannot be read, or lacks a class.
    """
    return read_vectors(path or ATTRIBUTES).of(names)


def clip_vectors(folder: Path, names: Sequence[str], template: str = '{}') -> TextVectors:
    """Return a CLIP's projected text embeddings.

    Args:
        folder: A CLIP model as Hugging Face's transformers saves it (weights and tokenizer), such
            as a local copy of openai/clip-vit-base-patch32; nothing is fetched.
        names: Of the classes; underscores and hyphens are read as spaces.
        template: Text around each name; the published code has none.

    Raises:
        RecipeError: transformers is not installed, the folder holds no such model, or the
            template is none.
    """
    try:
        transformers: Any = importlib.import_module('transformers')
    except ImportError as error:
        raise RecipeError('CLIP needs the package transformers; install it with: '
                          'pip install transformers') from error
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = transformers.CLIPTextModelWithProjection.from_pretrained(
            folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise RecipeError(f'{folder} holds no CLIP: {" ".join(str(error).split())}') from error
    try:
        texts = [template.format(name.replace('_', ' ').replace('-', ' ')) for name in names]
    except (ValueError, LookupError) as error:
        raise RecipeError(f'template must have {{}} where the name comes, but is {template!r}'
                          ) from error
    tokens = tokenizer(texts, padding=True, return_tensors='pt')
    found = model.eval()(**tokens).text_embeds
    return TextVectors(folder.name, tuple(names), found.detach().float().numpy())

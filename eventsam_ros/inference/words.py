# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sentences to numbers of words, the same in training and at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
import re
from typing import Protocol

import numpy as np

from eventsam_ros.errors import BundleError
from eventsam_ros.events.types import Float32, Int64

from .word_pieces import read_pieces

PADDING, UNKNOWN, END = 0, 1, 2
"""Numbers of what is no word; words follow."""
_FIRST = 3
_TITLE = 'eventsam words 1'
_LENGTHS = (2, 512)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LEAST_STEM = 3
"""Letters of a known word that an unknown one may add an ending to."""
_ENDINGS = ('s', 'es', "'s", 'd', 'ed', 'ing', 'er', 'est', 'y', 'ly', 'ish', 'like')
_LEAST_TYPO = 4
"""Letters of an unknown word in which one slip is forgiven."""


class Words(Protocol):
    """A tokenizer.

    Attributes:
        tokens: L, the tokens that each sentence gives, padding included.
        vocabulary: The words that it knows; empty where it takes any.
    """

    @property
    def tokens(self) -> int:
        """Return L."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Return the words."""

    @property
    def size(self) -> int:
        """Return how many different tokens there are."""

    def encode(self, text: str) -> tuple[Int64, Float32]:
        """Return tokens int64 [1, L] and 1 for a token, 0 for padding, float32 [1, L]."""

    def unknown(self, text: str) -> tuple[str, ...]:
        """Return the words of a sentence that it does not know, each once."""

    def write(self, path: Path) -> None:
        """Write what load_words reads; the name must end with `suffix`."""

    @property
    def suffix(self) -> str:
        """Return how the name of its file ends."""


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without what stands between them."""
    return _WORD.findall(text.lower())


@dataclass(frozen=True)
class WordList:
    """Each word is a token, and the end is one.

    A word that is not known is read as a known one where it differs by an ending ('reddish' as
    'red', 'balls' as 'ball') or by one slip ('trianlge' as 'triangle'). Otherwise it is the one
    unknown word. Of a sentence that is too long, the beginning is taken.

    Attributes:
        vocabulary: The words that it knows, lower case.
        tokens: L, the tokens that each sentence gives, 2 to 512.
    """

    vocabulary: tuple[str, ...]
    tokens: int = 16

    def __post_init__(self) -> None:
        """Refuse words that are none, or twice there, and lengths outside the range.

        Raises:
            ValueError: One of them.
        """
        if not _LENGTHS[0] <= self.tokens <= _LENGTHS[1]:
            raise ValueError(
                f'tokens must be {_LENGTHS[0]} to {_LENGTHS[1]}, but got {self.tokens}')
        for word in self.vocabulary:
            if split_words(word) != [word]:
                raise ValueError(f'{word!r} is no word in lower case')
        if not self.vocabulary or len(set(self.vocabulary)) != len(self.vocabulary):
            raise ValueError('a vocabulary must have words, and each once')

    @property
    def size(self) -> int:
        """Return how many different tokens there are."""
        return _FIRST + len(self.vocabulary)

    @property
    def suffix(self) -> str:
        """Return how the name of its file ends."""
        return '.txt'

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: _FIRST + k for k, word in enumerate(self.vocabulary)}

    def read_as(self, word: str) -> str:
        """Return the known word that a word is read as; '' for the unknown one."""
        if word in self._numbers:
            return word
        for length in range(len(word) - 1, _LEAST_STEM - 1, -1):
            if word[:length] in self._numbers and _is_ending(word[length - 1], word[length:]):
                return word[:length]
        if len(word) >= _LEAST_TYPO:
            for known in self.vocabulary:
                if len(known) >= _LEAST_TYPO and _one_slip(word, known):
                    return known
        return ''

    def encode(self, text: str) -> tuple[Int64, Float32]:
        """Return tokens int64 [1, L] and 1 for a token, 0 for padding, float32 [1, L]."""
        numbers = [self._numbers.get(self.read_as(word), UNKNOWN) for word in split_words(text)]
        numbers = [*numbers[:self.tokens - 1], END]
        ids = np.full((1, self.tokens), PADDING, np.int64)
        ids[0, :len(numbers)] = numbers
        return ids, (ids != PADDING).astype(np.float32)

    def unknown(self, text: str) -> tuple[str, ...]:
        """Return the words of a sentence that are not in the vocabulary, each once."""
        return tuple(dict.fromkeys(w for w in split_words(text) if w not in self._numbers))

    def write(self, path: Path) -> None:
        """Write a text file: a title, the length, and a word a line."""
        path.write_text('\n'.join([_TITLE, f'tokens {self.tokens}', *self.vocabulary]) + '\n',
                        encoding='utf-8')


def _is_ending(last: str, rest: str) -> bool:
    """Return whether what follows a word is an ending, its last letter doubled or not."""
    return rest in _ENDINGS or (rest[:1] == last and rest[1:] in _ENDINGS)


def _one_slip(a: str, b: str) -> bool:
    """Return whether one letter changed, added, left out or swapped with the next is all."""
    if abs(len(a) - len(b)) > 1:
        return False
    same = next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y),
                min(len(a), len(b)))
    x, y = a[same:], b[same:]
    return (x[1:] == y[1:] or x[1:] == y or x == y[1:]
            or (len(x) > 1 and len(y) > 1 and (x[1], x[0]) == (y[0], y[1]) and x[2:] == y[2:]))


def vocabulary_of(texts: Iterable[str], least: int = 1) -> tuple[str, ...]:
    """Return the words that stand at least so many times in some texts, sorted."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in split_words(text):
            counts[word] = counts.get(word, 0) + 1
    return tuple(sorted(word for word, count in counts.items() if count >= least))


def load_words(path: Path) -> Words:
    """Read a file of words: a WordList, or JSON of the package tokenizers.

    Raises:
        BundleError: It cannot be read, or the package is not installed.
    """
    reader: Callable[[Path], Words] = read_pieces if path.suffix == '.json' else _read_list
    try:
        return reader(path)
    except (OSError, ValueError) as error:
        raise BundleError(f'{path} cannot be read as words: {error}') from error


def _read_list(path: Path) -> WordList:
    title, length, *words = [*path.read_text('utf-8').split('\n'), '']
    while words and not words[-1]:   # the last line may end or not
        del words[-1]
    if title != _TITLE or not re.fullmatch(r'tokens \d{1,4}', length):
        raise ValueError(f"it must begin with '{_TITLE}' and 'tokens N'")
    return WordList(tuple(words), int(length.split()[1]))

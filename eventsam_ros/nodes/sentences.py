# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sentences on the graph: what names a target, and which targets there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import re

from eventsam_ros.inference.words import split_words

from .board import Board

UNNAMED = 'target'
"""Name of the one target whose sentence comes without a name."""
MOST = 16
"""Targets at most: each one takes a run of the decoder."""
LONGEST = 500
"""Characters of a text at most."""
_NAME = re.compile(r'[\w./-]{1,63}')


def parse(text: str) -> tuple[str, str]:
    """Return name and sentence of a text such as `box: a red box`.

    Args:
        text: A sentence, which is that of UNNAMED; a name, a colon and a sentence; a name and a
            colon, whose sentence is empty; or nothing at all, whose name is empty as well.

    Raises:
        ValueError: It is too long, cannot be read, has another name than letters, digits and
            `_`, `.`, `/`, `-`, or a sentence without a word; one sentence says which.
    """
    if len(text) > LONGEST:
        raise ValueError(f'a text must have at most {LONGEST} characters, but has {len(text)}')
    said = ' '.join(text.split())
    if not said.isprintable() or '\ufffd' in said:
        raise ValueError(f'a text must be readable, but is {said[:40]!r}')
    if not said:
        return '', ''
    before, colon, after = (part.strip() for part in said.partition(':'))
    name, sentence = (before, after) if colon else (UNNAMED, before)
    if not _NAME.fullmatch(name):
        raise ValueError('what comes before a colon must be a name of at most 63 letters, digits, '
                         f'"_", ".", "/" or "-", but is {name!r}; a sentence that has a colon '
                         f'itself comes behind a name, as in {UNNAMED}: ...')
    if sentence and not split_words(sentence):
        raise ValueError(f'the sentence of {name} must have a word, but is {sentence!r}')
    return name, sentence


class SentenceBoard(Board):
    """The targets that are wanted: their names and sentences; safe to use from several threads."""

    def __init__(self, sentences: Iterable[str] = ()) -> None:
        """Begin with some.

        Args:
            sentences: As `take` takes them; empty ones are left out.
        """
        super().__init__()
        self._wanted: dict[str, str] = {}
        for sentence in sentences:
            if sentence.strip():
                self.take(sentence)

    def take(self, text: str) -> None:
        """Add, change or remove a target, or remove all of them; see parse."""
        with self._lock:
            try:
                name, sentence = parse(text)
            except ValueError as error:
                self._refuse(str(error))
                return
            if not name:
                self._wanted.clear()
            elif sentence and name not in self._wanted and len(self._wanted) >= MOST:
                self._refuse(f'there can be {MOST} targets at most; remove one before {name}')
            elif sentence:
                self._wanted[name] = sentence
            elif self._wanted.pop(name, None) is None:
                known = ', '.join(self._wanted) or 'none'
                self._refuse(f'there is no target {name} to remove; there is {known}')

    def clear(self) -> int:
        """Remove all targets; return how many there were."""
        with self._lock:
            count = len(self._wanted)
            self._wanted.clear()
        return count

    def wanted(self) -> Mapping[str, str]:
        """Return the sentences by name."""
        with self._lock:
            return dict(self._wanted)

    def give_up(self, name: str, reason: str) -> None:
        """Remove a target that cannot be followed."""
        with self._lock:
            self._wanted.pop(name, None)
            self._refuse(reason)

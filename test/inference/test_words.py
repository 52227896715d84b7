# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The tokenizer: known and unknown words, lengths, files."""

import numpy as np
import pytest

from eventsam_ros.errors import BundleError
from eventsam_ros.inference.words import (
    END,
    PADDING,
    UNKNOWN,
    WordList,
    load_words,
    split_words,
    vocabulary_of,
)

WORDS = WordList(('ball', 'red', 'small', 'the', 'triangle', "dog's"), tokens=6)


def read(text):
    """Return what each token of a sentence stands for."""
    names = {PADDING: '-', UNKNOWN: '?', END: '.'}
    names |= {3 + k: word for k, word in enumerate(WORDS.vocabulary)}
    return [names[int(i)] for i in WORDS.encode(text)[0][0]]


@pytest.mark.parametrize(('text', 'wanted'), [
    ('the small red ball', ['the', 'small', 'red', 'ball', '.', '-']),
    ('  The\tRED,  ball!! ', ['the', 'red', 'ball', '.', '-', '-']),
    ("the dog's ball", ['the', "dog's", 'ball', '.', '-', '-']),
    ('the reddish balls', ['the', 'red', 'ball', '.', '-', '-']),
    ('balls, redder', ['ball', 'red', '.', '-', '-', '-']),
    ('redwood ballast them', ['?', '?', '?', '.', '-', '-']),
    ('trianlge smal', ['triangle', 'small', '.', '-', '-', '-']),
    ('the zebra', ['the', '?', '.', '-', '-', '-']),
    ('rad', ['?', '.', '-', '-', '-', '-']),
    ('the the the the the the the', ['the'] * 5 + ['.']),
    ('???', ['.', '-', '-', '-', '-', '-'])])
def test_words_are_read_as_known_ones_where_that_is_plain(text, wanted):
    assert read(text) == wanted


def test_the_mask_is_1_for_tokens_and_0_for_padding():
    ids, mask = WORDS.encode('the ball')
    assert (ids.dtype, ids.shape, mask.dtype) == (np.int64, (1, 6), np.float32)
    assert mask.tolist() == [[1, 1, 1, 0, 0, 0]]


def test_words_that_are_not_known_are_told_even_if_they_are_read_as_others():
    assert WORDS.unknown('The reddish zebra, the zebra and a ball') == (
        'reddish', 'zebra', 'and', 'a')
    assert WORDS.unknown('the small ball') == ()


@pytest.mark.parametrize(('a', 'b', 'wanted'), [
    ('blue', 'bleu', True), ('blue', 'blu', True), ('blue', 'bluee', True),
    ('blue', 'clue', True), ('blue', 'glum', False), ('blue', 'bl', False),
    ('left', 'felt', False), ('right', 'right', True)])
def test_one_slip_is_one_letter_changed_added_left_out_or_swapped(a, b, wanted):
    from eventsam_ros.inference.words import _one_slip
    assert _one_slip(a, b) is wanted
    assert _one_slip(b, a) is wanted


def test_a_list_survives_its_file(tmp_path):
    WORDS.write(tmp_path / f'words{WORDS.suffix}')
    assert load_words(tmp_path / 'words.txt') == WORDS
    # an editor may leave out the end of the last line, or add lines to it
    text = (tmp_path / 'words.txt').read_text()
    for end in ('', '\n\n'):
        (tmp_path / 'words.txt').write_text(text.rstrip('\n') + end)
        assert load_words(tmp_path / 'words.txt') == WORDS


@pytest.mark.parametrize(('text', 'message'), [
    ('', 'must begin with'), ('a\nb\n', 'must begin with'),
    ('eventsam words 1\ntokens many\na\n', 'must begin with'),
    ('eventsam words 1\ntokens 1\na\n', 'tokens must be 2 to 512'),
    ('eventsam words 1\ntokens 8\nTwo words\n', 'is no word'),
    ('eventsam words 1\ntokens 8\na\na\n', 'each once'),
    ('eventsam words 1\ntokens 8\n', 'must have words')])
def test_a_file_that_is_none_is_refused(tmp_path, text, message):
    (tmp_path / 'words.txt').write_text(text)
    with pytest.raises(BundleError, match=message):
        load_words(tmp_path / 'words.txt')


def test_missing_and_binary_files_are_refused(tmp_path):
    (tmp_path / 'words.txt').write_bytes(b'\xff\xfe\x00')
    for name in ('words.txt', 'none.txt', 'none.json'):
        with pytest.raises(BundleError, match='cannot be read as words'):
            load_words(tmp_path / name)


def test_pieces_of_the_package_tokenizers_are_read_and_must_be_of_one_length(tmp_path):
    tokenizers = pytest.importorskip('tokenizers')
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(
        {'[PAD]': 0, '[UNK]': 1, 'a': 2, 'cat': 3}, unk_token='[UNK]'))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    path = tmp_path / 'words.json'
    inner.save(str(path))
    with pytest.raises(BundleError, match='one length'):
        load_words(path)
    inner.enable_truncation(max_length=4)
    inner.enable_padding(length=4)
    inner.save(str(path))
    words = load_words(path)
    ids, mask = words.encode(' A  CAT')
    assert (ids.tolist(), mask.tolist()) == ([[2, 3, 0, 0]], [[1, 1, 0, 0]])
    assert words.encode('a a a a cat')[0].tolist() == [[2, 2, 2, 2]]
    assert (words.tokens, words.size, words.vocabulary, words.unknown('dog')) == (4, 4, (), ())
    words.write(tmp_path / f'again{words.suffix}')
    assert load_words(tmp_path / 'again.json').encode('cat')[0].tolist() == [[3, 0, 0, 0]]
    path.write_text('{}')
    with pytest.raises(BundleError, match='cannot be read as words'):
        load_words(path)


def test_a_vocabulary_is_the_words_that_stand_often_enough():
    texts = ['The cat sat.', 'the dog', 'A cat']
    assert vocabulary_of(texts) == ('a', 'cat', 'dog', 'sat', 'the')
    assert vocabulary_of(texts, 2) == ('cat', 'the')
    assert split_words("It's a 2-door car") == ["it's", 'a', '2', 'door', 'car']

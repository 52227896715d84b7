# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Text encoders: padding never counts, published ones are read from folders, graphs agree."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

from eventsam_ros.inference.words import PADDING, WordList, load_words
from training.errors import RecipeError
from training.referring.clips.grammar import vocabulary
from training.referring.text.published import load_published, published_words
from training.referring.text.small import SmallTextEncoder

SENTENCES = ('the ball', 'a small red ball that moves left', 'one')
WIDTH = 16


def ours(_):
    return SmallTextEncoder(WordList(vocabulary()).size, WIDTH, 2), WordList(vocabulary(), 10)


def save_letters(folder):
    """Save a tokenizer of CLIP that knows letters alone."""
    import transformers
    letters = [chr(c) for c in range(97, 123)]
    words = ['<|startoftext|>', '<|endoftext|>', *letters, *(f'{c}</w>' for c in letters)]
    (folder / 'vocab.json').write_text(json.dumps({w: k for k, w in enumerate(words)}))
    (folder / 'merges.txt').write_text('#version: 0.2\n')
    transformers.CLIPTokenizer(
        str(folder / 'vocab.json'), str(folder / 'merges.txt')).save_pretrained(folder)
    return len(words)


def save_words(folder, special):
    """Save a tokenizer of whole words whose first tokens are special."""
    import tokenizers
    import transformers

    known = {w: k for k, w in enumerate([*special, *vocabulary()])}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token=special[-1]))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    end = special[1]
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single=f'$A {end}', special_tokens=[(end, 1)])
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token=special[0], eos_token=end,
        unk_token=special[-1]).save_pretrained(folder)
    return len(known)


def clip(folder):
    transformers = pytest.importorskip('transformers')
    config = transformers.CLIPTextConfig(
        vocab_size=save_letters(folder), hidden_size=WIDTH, intermediate_size=32,
        num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=40, bos_token_id=0,
        eos_token_id=1, pad_token_id=1)
    transformers.CLIPTextModel(config).save_pretrained(folder)
    return load_published('clip', folder), published_words(folder, 36)


def t5(folder):
    transformers = pytest.importorskip('transformers')
    config = transformers.T5Config(
        vocab_size=save_words(folder, ('<pad>', '</s>', '<unk>')), d_model=WIDTH, d_kv=8, d_ff=32,
        num_layers=2, num_heads=2, decoder_start_token_id=0)
    transformers.T5EncoderModel(config).save_pretrained(folder)
    return load_published('t5', folder), published_words(folder, 10)


def roberta(folder):
    transformers = pytest.importorskip('transformers')
    config = transformers.RobertaConfig(
        vocab_size=save_words(folder, ('<pad>', '</s>', '<s>', '<unk>')), hidden_size=WIDTH,
        num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=40, pad_token_id=0, bos_token_id=2, eos_token_id=1)
    transformers.RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    return load_published('roberta', folder), published_words(folder, 10)


@pytest.fixture(params=[ours, t5, clip, roberta], ids=lambda f: f.__name__)
def made(request, tmp_path):
    torch.manual_seed(0)
    encoder, words = request.param(tmp_path)
    pairs = [words.encode(text) for text in SENTENCES]
    ids = torch.from_numpy(np.concatenate([pair[0] for pair in pairs]))
    mask = torch.from_numpy(np.concatenate([pair[1] for pair in pairs]))
    assert len(set(mask.sum(1).tolist())) == len(SENTENCES)
    return encoder.eval(), words, ids, mask


@torch.no_grad()
def test_a_batch_gives_what_each_sentence_alone_gives_without_padding(made):
    encoder, _, ids, mask = made
    together = encoder(ids, mask)
    assert together.tokens.shape == (*ids.shape, encoder.width)
    for k, count in enumerate(mask.sum(1).int().tolist()):
        alone = encoder(ids[k:k + 1, :count], mask[k:k + 1, :count])
        torch.testing.assert_close(together.tokens[k, :count], alone.tokens[0])
        torch.testing.assert_close(together.pooled[k], alone.pooled[0])


@torch.no_grad()
def test_what_stands_at_padding_changes_nothing_and_what_is_said_does(made):
    encoder, _, ids, mask = made
    wanted = encoder(ids, mask)
    there = mask.bool()
    other = encoder(torch.where(there, ids, 5), mask)
    torch.testing.assert_close(other.tokens[there], wanted.tokens[there])
    torch.testing.assert_close(other.pooled, wanted.pooled)
    changed = ids.clone()
    changed[0, 0] = 7
    assert (encoder(changed, mask).pooled[0] - wanted.pooled[0]).abs().max() > 1e-3


@torch.no_grad()
def test_the_graph_takes_any_number_of_words_and_agrees(made, tmp_path):
    encoder, _, ids, mask = made
    path = tmp_path / 'text.onnx'
    torch.onnx.export(
        encoder, (ids[:1, :6], mask[:1, :6]), path, input_names=['ids', 'mask'],
        output_names=['tokens', 'mask_out', 'pooled'], opset_version=17, dynamo=False,
        dynamic_axes={name: {0: 'sentences', 1: 'words'} for name in ('ids', 'mask')})
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    for count in (6, ids.shape[1]):
        tokens, pooled = session.run(
            ['tokens', 'pooled'], {'ids': ids[:, :count].numpy(), 'mask': mask[:, :count].numpy()})
        wanted = encoder(ids[:, :count], mask[:, :count])
        there = mask[:, :count].bool().numpy()
        np.testing.assert_allclose(tokens[there], wanted.tokens.numpy()[there], atol=2e-5)
        np.testing.assert_allclose(pooled, wanted.pooled.numpy(), atol=2e-5)


@pytest.mark.parametrize('kind', [t5, clip, roberta], ids=lambda f: f.__name__)
def test_a_published_tokenizer_goes_into_a_bundle_as_a_file(tmp_path, kind):
    _, words = kind(tmp_path)
    words.write(tmp_path / f'words{words.suffix}')
    again = load_words(tmp_path / 'words.json')
    for text in SENTENCES:
        for found, wanted in zip(again.encode(text), words.encode(text), strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_words_are_forgotten_in_training_alone():
    torch.manual_seed(0)
    encoder = SmallTextEncoder(20, WIDTH, 0, dropout=0.0, forgetting=1.0)
    ids, mask = torch.tensor([[4, 5, 2, PADDING]]), torch.tensor([[1.0, 1, 1, 0]])
    assert torch.equal(encoder(ids, mask).tokens, encoder(torch.tensor([[1, 1, 2, 0]]), mask)[0])
    encoder.eval()
    assert not torch.equal(
        encoder(ids, mask).tokens, encoder(torch.tensor([[1, 1, 2, 0]]), mask)[0])


def test_folders_without_a_model_are_refused_in_one_sentence(tmp_path):
    pytest.importorskip('transformers')
    with pytest.raises(RecipeError, match='holds no t5 model'):
        load_published('t5', tmp_path)
    with pytest.raises(RecipeError, match='holds no tokenizer'):
        published_words(tmp_path, 8)
    with pytest.raises(ValueError, match='kind must be one of'):
        load_published('bert', tmp_path)
    with pytest.raises(ValueError, match='multiple of'):
        SmallTextEncoder(10, 18)

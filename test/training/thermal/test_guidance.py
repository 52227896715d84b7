# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Language and cross-modal guidance against loops in float64, and text vectors."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.evaluation.datasets import class_tables  # noqa: E402
from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.thermal.guidance import Prototypes, class_means, cross_loss, language_loss, relations  # noqa: E402
from training.thermal.objective import alone, class_weights, entropy  # noqa: E402
from training.thermal.recipe import CrossChoice, LanguageChoice  # noqa: E402
from training.thermal.text import (  # noqa: E402
    TextVectors,
    clip_vectors,
    read_vectors,
    vectors_for,
    write_vectors,
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_without_temperature_similar_texts_are_nearly_uniform():
    # five classes with cosine 0.8 off the diagonal, as the published code meets them
    cosine = torch.full((5, 5), 0.8) + 0.2 * torch.eye(5)
    rows = relations(torch.linalg.cholesky(cosine), 1.0).exp()
    assert rows[0, 0] == pytest.approx(np.e / (np.e + 4 * np.exp(0.8)), rel=1e-5)
    assert rows[0, 1] == pytest.approx(np.exp(0.8) / (np.e + 4 * np.exp(0.8)), rel=1e-5)
    torch.testing.assert_close(rows.sum(1), torch.ones(5))


def test_the_language_loss_is_its_double_loop():
    text, found = normal(4, 6, seed=1), normal(4, 9, seed=2)

    def rows(v):
        v = v.double().numpy()
        cos = [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) / 0.3 for b in v] for a in v]
        return np.exp(cos) / np.exp(cos).sum(1, keepdims=True)
    t, v = rows(text), rows(found)
    wanted = sum(t[i, j] * (np.log(t[i, j]) - np.log(v[i, j]))
                 for i in range(4) for j in range(4)) / 16
    assert float(language_loss(text, found, 0.3)) == pytest.approx(wanted, rel=1e-4)


def test_rotated_texts_are_related_as_the_texts():
    text = normal(5, 8)
    turned = text @ torch.linalg.qr(normal(8, 8, seed=3))[0] * 7
    assert float(language_loss(text, turned, 0.1)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize('assign', ['nearest', 'area'])
def test_class_means_are_those_of_a_loop(assign):
    features = normal(2, 3, 2, 4)
    labels = torch.randint(0, 4, (2, 8, 16), generator=torch.Generator().manual_seed(4))
    labels[0, :3] = 255
    labels[labels == 2] = 1
    means, there = class_means(features, labels, 4, assign)
    assert there.tolist() == [True, True, False, True]
    for c in (0, 1, 3):
        total, weight = np.zeros(3), 0.0
        for b in range(2):
            for y in range(2):
                for x in range(4):
                    cell = labels[b, 4 * y:4 * y + 4, 4 * x:4 * x + 4]
                    share = (float(cell[2, 2] == c) if assign == 'nearest'
                             else float((cell == c).double().mean()))
                    total += share * features[b, :, y, x].double().numpy()
                    weight += share
        np.testing.assert_allclose(means[c], total / weight, atol=1e-5)
    assert not means[2].any()


def test_an_absent_class_leaves_its_prototype_and_learns_nothing():
    prototypes = Prototypes(3, 4, LanguageChoice(decay=0.9))
    text = normal(3, 5)
    first = normal(1, 4, 2, 2, seed=5)
    labels = torch.zeros(1, 8, 8, dtype=torch.int64)
    labels[:, :4] = 1
    prototypes(first, labels, text)
    means, _ = class_means(first, labels, 3, 'area')
    torch.testing.assert_close(prototypes.means[:2], means[:2])
    assert prototypes.seen.tolist() == [True, True, False]
    assert not prototypes.means[2].any()
    second = normal(1, 4, 2, 2, seed=6).requires_grad_()
    told, pull = prototypes(second, torch.zeros(1, 8, 8, dtype=torch.int64), text)
    torch.testing.assert_close(prototypes.means[1], means[1])
    torch.testing.assert_close(
        prototypes.means[0], 0.9 * means[0] + 0.1 * second.detach().mean((0, 2, 3)))
    (told + pull).backward()
    assert second.grad.abs().sum() > 0
    assert set(prototypes.state_dict()) == {'means', 'seen'}


def test_the_partner_teaches_only_where_it_is_more_right():
    learner, teacher = normal(1, 3, 2, 2, seed=7), normal(1, 3, 2, 2, seed=8)
    labels = torch.tensor([[[0, 1], [2, 255]]])
    choice = CrossChoice(temperature=2.0)

    def soft(logits, y, x, t):
        values = np.exp(logits[0, :, y, x].double().numpy() / t)
        return values / values.sum()
    total = 0.0
    for y, x in ((0, 0), (0, 1), (1, 0)):
        k = int(labels[0, y, x])
        if soft(teacher, y, x, 1)[k] > soft(learner, y, x, 1)[k]:
            p, q = soft(teacher, y, x, 2), soft(learner, y, x, 2)
            total += 4 * float((p * np.log(p / q)).sum())
    assert total > 0
    assert float(cross_loss(learner, teacher, labels, choice)) == pytest.approx(
        total / 3, rel=1e-4)
    taught = teacher.clone().requires_grad_()
    cross_loss(learner.requires_grad_(), taught, labels, choice).backward()
    assert taught.grad is None
    everywhere = cross_loss(learner, teacher, labels, CrossChoice(where='everywhere'))
    assert float(everywhere.detach()) > total / 3


def test_rare_classes_weigh_more_and_all_pixels_one_in_the_mean():
    counts = torch.tensor([90.0, 9.0, 1.0, 0.0])
    weights = class_weights(counts, 0.5)
    assert float(weights[1] / weights[0]) == pytest.approx(np.sqrt(10), rel=1e-5)
    assert float((weights * counts).sum() / 100) == pytest.approx(1, rel=1e-5)
    assert weights[3] == weights[2]
    torch.testing.assert_close(class_weights(counts, 0.0), torch.ones(4))


def test_pixels_to_ignore_do_not_count():
    logits = normal(1, 3, 2, 2, seed=9)
    labels = torch.zeros(1, 8, 8, dtype=torch.int64)
    whole = entropy(logits, labels, torch.ones(3))
    labels[:, :, 4:] = 255
    half = entropy(logits, labels, torch.ones(3))
    full = torch.nn.functional.interpolate(logits, (8, 8), mode='bilinear')
    chances = full.log_softmax(1)[:, 0].neg()
    assert float(whole) == pytest.approx(float(chances.mean()), rel=1e-5)
    assert float(half) == pytest.approx(float(chances[:, :, :4].mean()), rel=1e-5)
    labels[:] = 255
    assert float(entropy(logits, labels, torch.ones(3))) == 0


def test_each_camera_is_judged_by_itself_where_its_picture_is_there():
    both = normal(3, 4, 8, 8, seed=3), normal(3, 4, 8, 8, seed=4)
    labels = torch.arange(3 * 64).reshape(3, 8, 8) % 4
    labels[1, :2] = 255
    present, weights = torch.tensor([[1, 1], [0, 1], [1, 0]]), torch.tensor([1, 2, .5, 1])
    wanted = 0.0
    for camera, logits in enumerate(both):
        terms, count = 0.0, 0
        for pair in range(3):
            if present[pair, camera]:
                known = labels[pair] != 255
                shares = logits[pair].double().softmax(0)[:, known].T.numpy()
                for share, label in zip(shares, labels[pair][known].tolist(), strict=True):
                    terms -= float(weights[label]) * np.log(share[label])
                count += int(known.sum())
        wanted += terms / count
    assert float(alone(both, present, labels, weights)) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize('table', ['MFNET_9', 'PST900_5', 'FMB_15', 'FMB_14'])
def test_attributes_cover_every_class_and_tell_them_apart(table):
    names = getattr(class_tables, table).names
    found = vectors_for(names, None)
    assert found.names == names
    rows = relations(torch.from_numpy(found.vectors), 0.1).exp()
    assert (rows.argmax(1) == torch.arange(len(names))).all()
    assert float((rows.max(1).values - rows.topk(2, 1).values[:, 1]).min()) > 1e-3


def test_vectors_survive_a_file_and_mistakes_in_it_are_told(tmp_path):
    wanted = TextVectors('any', ('a', 'b'), np.asarray([[1, 0.5], [-2, 3e-4]], np.float32))
    write_vectors(tmp_path / 'v.csv', wanted)
    found = vectors_for(('b', 'a'), tmp_path / 'v.csv')
    np.testing.assert_array_equal(found.vectors, wanted.vectors[::-1])
    assert found.source == 'v.csv'
    for text, message in (
            ('a,1,2\nb,1\n', 'equally many numbers'), ('a,1\nb,x\n', 'no number'),
            ('a,0\nb,1\n', 'or is 0'), ('', 'equally many numbers')):
        (tmp_path / 'bad.csv').write_text(text)
        with pytest.raises(RecipeError, match=message):
            read_vectors(tmp_path / 'bad.csv')
    with pytest.raises(RecipeError, match='has no vector of c'):
        vectors_for(('a', 'c'), tmp_path / 'v.csv')
    with pytest.raises(RecipeError, match='cannot be read'):
        read_vectors(tmp_path / 'none.csv')


def test_a_clip_in_a_folder_gives_the_vectors_of_its_text_projection(tmp_path):
    transformers = pytest.importorskip('transformers')
    import json
    letters = [chr(c) for c in range(97, 123)]
    words = ['<|startoftext|>', '<|endoftext|>', *letters, *(f'{c}</w>' for c in letters)]
    (tmp_path / 'vocab.json').write_text(json.dumps({w: k for k, w in enumerate(words)}))
    (tmp_path / 'merges.txt').write_text('#version: 0.2\n')
    transformers.CLIPTokenizer(
        str(tmp_path / 'vocab.json'), str(tmp_path / 'merges.txt')).save_pretrained(tmp_path)
    config = transformers.CLIPTextConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, projection_dim=8, max_position_embeddings=40, bos_token_id=0,
        eos_token_id=1, pad_token_id=1)
    torch.manual_seed(0)
    model = transformers.CLIPTextModelWithProjection(config).eval()
    model.save_pretrained(tmp_path)
    found = clip_vectors(tmp_path, ['car_stop', 'person'], 'a {}')
    assert found.vectors.shape == (2, 8)
    ids = [[0, *(words.index(c if k < len(word) - 1 else f'{c}</w>')
                 for word in text.split() for k, c in enumerate(word)), 1]
           for text in ('a car stop', 'a person')]
    with torch.no_grad():
        for row, tokens in zip(found.vectors, ids, strict=True):
            wanted = model(input_ids=torch.tensor([tokens])).text_embeds[0]
            np.testing.assert_allclose(row, wanted.numpy(), atol=1e-5)
    with pytest.raises(RecipeError, match='holds no CLIP'):
        clip_vectors(tmp_path / 'nowhere', ['car'])


def test_a_batch_in_which_no_pixel_counts_moves_nothing():
    prototypes = Prototypes(3, 4, LanguageChoice())
    features = normal(1, 4, 2, 2, seed=9).requires_grad_()
    unknown = torch.full((1, 8, 8), 255)
    told, pull = prototypes(features, unknown, normal(3, 5))
    assert (float(told), float(pull)) == (0, 0)
    assert not prototypes.seen.any()
    prototypes(features, torch.zeros(1, 8, 8, dtype=torch.int64), normal(3, 5))
    before = prototypes.means.clone()
    told, pull = prototypes(features, unknown, normal(3, 5))
    assert torch.isfinite(told + pull)
    torch.testing.assert_close(prototypes.means, before)

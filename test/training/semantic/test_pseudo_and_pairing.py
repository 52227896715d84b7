# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Fusion, masking and pairing against their formulas; the losses against float64 loops."""

from dataclasses import replace
import json
import math

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from training.distill.order import Order  # noqa: E402
from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.segformer import SegFormer, SegFormerSpec  # noqa: E402
from training.semantic.batches import ClassBatch, ClassMaker, Look, cropped  # noqa: E402
from training.semantic.objective import Aligned, PairBatch, class_loss, class_weights, distillation  # noqa: E402
from training.semantic.pairing import (  # noqa: E402
    PairMaker,
    cosine,
    histogram,
    nearest_pairs,
    overlap,
    random_pairs,
)
from training.semantic.pairs import open_set, write_sets  # noqa: E402
from training.semantic.pseudo import PseudoLabels, fused, thresholds  # noqa: E402
from training.semantic.recipe import Alignment, Fusion, Schedule, make_recipe  # noqa: E402

SMALL = SegFormerSpec((8, 16, 24, 32), (1, 1, 1, 1), (1, 2, 3, 4), head=16)


def softmax(values):
    grown = [math.exp(v) for v in values]
    return [g / sum(grown) for g in grown]


@pytest.mark.parametrize('of', ['probabilities', 'logits'])
def test_two_predictions_are_mixed_pixel_by_pixel(of):
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 2, (2, 3, 2, 4)).astype(np.float32)
    found = fused(one, other, Fusion(0.3, of))
    for y in range(2):
        for x in range(4):
            a, b = one[:, y, x].tolist(), other[:, y, x].tolist()
            if of == 'logits':
                expected = softmax([0.3 * p + 0.7 * q for p, q in zip(a, b, strict=True)])
            else:
                expected = [0.3 * p + 0.7 * q
                            for p, q in zip(softmax(a), softmax(b), strict=True)]
            np.testing.assert_allclose(found[:, y, x], expected, rtol=1e-5)


def test_a_share_keeps_the_surest_pixels_of_each_class():
    counts = np.zeros((3, 256), np.int64)
    counts[0, [100, 150, 200]] = 10, 10, 20
    counts[1, [50, 60]] = 1, 9
    assert thresholds(counts, Fusion(share=0.5)).tolist() == [200, 60, 0]
    assert thresholds(counts, Fusion(share=0.6)).tolist() == [150, 60, 0]
    assert thresholds(counts, Fusion(share=0.95)).tolist() == [100, 50, 0]
    assert thresholds(counts, Fusion(threshold=0.5)).tolist() == [128, 128, 128]
    assert thresholds(counts, Fusion(threshold=0.5, share=0.5)).tolist() == [200, 128, 128]


@pytest.fixture(scope='module')
def world(content, tmp_path_factory):
    folder = tmp_path_factory.mktemp('world')
    recipe = make_recipe(content, 'r')
    write_sets(recipe, folder)
    return recipe, folder


def networks():
    torch.manual_seed(0)
    made = [SegFormer(5, SMALL).eval() for _ in range(2)]
    for network in made:   # so that they are surer of some pixels than of others
        torch.nn.init.normal_(network.decode_head.linear_pred.weight, std=3.0)
    return made


def test_pseudo_labels_are_written_masked_and_kept(world, tmp_path):
    recipe, folder = world
    target, look = open_set(folder, 'target'), Look.of(recipe)
    given = Fusion(threshold=0.4)
    labels = PseudoLabels(tmp_path / 'pseudo')
    assert not labels.whole(target.names)
    images, events = networks()
    summary = labels.make(images, events, target, look, given, {'of': 1})
    assert labels.whole(target.names)
    kept = total = 0
    for name in target.names:
        best, sure = labels.read('fused', name), labels.read('confidence', name)
        expected = np.where(sure >= math.ceil(0.4 * 255), best, 255)
        np.testing.assert_array_equal(labels.read('labels', name), expected)
        kept, total = kept + (expected != 255).sum(), total + best.size
    assert summary['labelled'] == pytest.approx(kept / total, abs=1e-4)
    assert 0 < summary['labelled'] < 1
    # a rerun fills in what is missing, and only that
    gone, left = (labels.path('confidence', name) for name in target.names[:2])
    was = left.stat().st_mtime_ns
    gone.unlink()
    assert labels.make(images, events, target, look, given, {'of': 1}) == summary
    assert gone.exists()
    assert left.stat().st_mtime_ns == was
    assert json.loads((tmp_path / 'pseudo' / 'summary.json').read_text()) == summary
    with pytest.raises(RecipeError, match='made otherwise'):
        labels.make(images, events, target, look, given, {'of': 2})


def test_histograms_overlap_and_cosines_are_their_definitions():
    labels = np.asarray([[0, 0, 1], [255, 2, 2]], np.uint8)
    np.testing.assert_allclose(histogram(labels, 4), [0.4, 0.2, 0.4, 0])
    assert not histogram(np.full((2, 2), 255, np.uint8), 4).any()
    one = np.asarray([[0.5, 0.5, 0], [0, 0, 1]], np.float32)
    other = np.asarray([[0.25, 0.5, 0.25]], np.float32)
    np.testing.assert_allclose(overlap(one, other), [[0.75], [0.25]])
    np.testing.assert_allclose(
        cosine(one, other)[:, 0], [0.375 / math.sqrt(0.5 * 0.375), 0.25 / math.sqrt(0.375)],
        rtol=1e-6)


def test_every_sample_meets_its_nearest_both_ways():
    likeness = np.asarray([[0.9, 0.2, 0.1], [0.3, 0.8, 0.4]], np.float32)
    pairs = nearest_pairs(likeness, 0.0).tolist()
    assert pairs == [[0, 0], [1, 1], [1, 2], [0, 0], [1, 1]]
    assert nearest_pairs(likeness, 0.5).tolist() == [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert nearest_pairs(likeness, 0.95).tolist() == pairs   # better some pairs than none
    drawn = random_pairs(3, 5, 0)
    assert drawn.shape == (8, 2)
    assert sorted(drawn[:5, 1]) == list(range(5))
    assert sorted(drawn[5:, 0]) == list(range(3))


@pytest.mark.parametrize('rule', ['histogram', 'features', 'random'])
def test_pairs_follow_the_rule_of_the_recipe(world, rule):
    recipe, folder = world
    plan, given = Schedule(batch=2), Alignment(pairs=rule)
    of = [open_set(folder, name) for name in ('source', 'target')]
    look = Look.of(recipe)
    makers = [ClassMaker(s, look, plan, 'events', 0, range(2)) for s in of]
    maker = PairMaker(*makers, plan, given, 0, range(2))
    network = networks()[0]
    pairs = maker.renew(network)
    if rule == 'random':
        expected = random_pairs(10, 6, 0)
    else:
        described = []
        for store in of:
            rows = []
            for k in range(len(store)):
                if rule == 'histogram':
                    rows.append(np.bincount(store[k].ids.reshape(-1), minlength=5) / (64 * 48))
                else:
                    picture = (store[k].picture.astype(np.float32) - 128) / 40
                    tensor = torch.from_numpy(picture.transpose(2, 0, 1)[None])
                    with torch.no_grad():
                        rows.append(network.backbone(tensor)[-1].mean((2, 3))[0].numpy())
            described.append(np.stack(rows))
        nearness = np.zeros((10, 6))
        for a in range(10):
            for b in range(6):
                u, v = described[0][a], described[1][b]
                nearness[a, b] = (np.minimum(u, v).sum() if rule == 'histogram'
                                  else u @ v / np.linalg.norm(u) / np.linalg.norm(v))
        expected = [[int(nearness[:, b].argmax()), b] for b in range(6)]
        expected += [[a, int(nearness[a].argmax())] for a in range(10)]
    np.testing.assert_array_equal(pairs.numpy(), expected)
    maker.restore(pairs)
    batch = maker.make(3)
    again = maker.make(3)
    torch.testing.assert_close(batch.source.pictures, again.source.pictures, rtol=0, atol=0)
    assert batch.target.labels.shape == (2, 48, 64)


def test_every_epoch_shows_all_once():
    order = Order(0, 7, 3)
    seen = [order.index(step, place) for step in range(7) for place in range(3)]
    for epoch in range(3):
        assert sorted(seen[7 * epoch:7 * epoch + 7]) == list(range(7))
    assert seen[:7] != seen[7:14]


def test_a_crop_keeps_picture_and_classes_together(world):
    pair = open_set(world[1], 'source')[0]
    marked = replace(pair, picture=np.repeat(pair.ids[..., None] * 50, 3, 2))
    for seed in range(5):
        found = cropped(marked, 0.4, np.random.default_rng(seed))
        same = np.abs(found.picture[..., 0] - 50.0 * found.ids) < 30
        assert same.mean() > 0.9   # but for edges, which are interpolated in one and not the other


def test_the_class_loss_is_the_mean_over_the_pixels_that_count():
    logits = torch.randn(2, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[[0, 255], [2, 1]], [[255, 255], [1, 0]]])
    total, count = 0.0, 0
    for b in range(2):
        for y in range(2):
            for x in range(2):
                if labels[b, y, x] != 255:
                    total -= math.log(softmax(logits[b, :, y, x].tolist())[labels[b, y, x]])
                    count += 1
    assert float(class_loss(logits, labels)) == pytest.approx(total / count, rel=1e-5)
    assert float(class_loss(logits, torch.full((2, 8, 8), 255))) == 0


def test_rare_classes_count_for_more_by_the_power_of_their_frequency():
    counts = torch.tensor([80, 20, 0])
    assert class_weights(counts, 0.0).tolist() == pytest.approx([1, 1, 1], rel=0.02)
    found = class_weights(counts, 0.5)
    assert float(found[1] / found[0]) == pytest.approx(2, rel=1e-5)
    assert float(found[2] / found[1]) == pytest.approx(math.sqrt(20), rel=1e-5)
    assert float((found * torch.tensor([0.8, 0.2, 0.01])).sum()) == pytest.approx(1, rel=1e-5)
    logits = torch.randn(1, 3, 1, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[[0, 1, 2]]])
    losses = [-math.log(softmax(logits[0, :, 0, x].tolist())[x]) for x in range(3)]
    expected = sum(w * v for w, v in zip(found.tolist(), losses, strict=True)) / float(found.sum())
    assert float(class_loss(logits, labels, found)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(('form', 'temperature'), [('soft_ce', 1.0), ('soft_ce', 2.0),
                                                   ('kl', 1.0), ('kl', 3.0)])
def test_distillation_is_its_formula(form, temperature):
    teacher, student = torch.randn(2, 1, 3, 1, 2, generator=torch.Generator().manual_seed(1))
    expected = 0.0
    for x in range(2):
        p = softmax([v / temperature for v in teacher[0, :, 0, x].tolist()])
        q = softmax([v / temperature for v in student[0, :, 0, x].tolist()])
        for a, b in zip(p, q, strict=True):
            expected += (-a * math.log(b) + (a * math.log(a) if form == 'kl' else 0)) / 2
    found = distillation(teacher, student, Alignment(form=form, temperature=temperature))
    assert float(found) == pytest.approx(expected * temperature ** 2, rel=1e-5)


@pytest.mark.parametrize('detach', [True, False])
def test_the_teacher_is_left_alone_unless_it_should_learn(detach):
    teacher = torch.zeros(1, 2, 1, 1, requires_grad=True)
    student = torch.ones(1, 2, 1, 1, requires_grad=True) * torch.tensor([1.0, 0.0])[:, None, None]
    student.retain_grad()
    distillation(teacher, student, Alignment(detach=detach)).backward()
    assert student.grad.abs().sum() > 0
    assert (teacher.grad is None) == detach


@pytest.mark.parametrize('distil', [0.0, 0.5])
def test_the_three_losses_are_added_by_their_weights(distil):
    torch.manual_seed(0)
    network = SegFormer(3, SMALL).eval()
    pictures = torch.randn(2, 2, 3, 32, 32)
    labels = torch.randint(0, 3, (2, 2, 32, 32))
    given = Alignment(source=2.0, target=0.25, distil=distil)
    batch = PairBatch(ClassBatch(pictures[0], labels[0]), ClassBatch(pictures[1], labels[1]))
    loss, parts = Aligned(network, given, torch.ones(3))(batch)
    streams = network.streams(pictures[0], pictures[1])
    expected = (2 * class_loss(network(pictures[0]), labels[0])
                + 0.25 * class_loss(network(pictures[1]), labels[1])
                + distil * distillation(streams.cross, streams.target, given))
    torch.testing.assert_close(loss, expected)
    assert set(parts) == {'loss', 'source', 'target'} | ({'distil'} if distil else set())

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The seven losses, one by one, against plain loops in float64."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

import training.networks  # noqa: E402, F401
from training.networks.segformer import SegFormer  # noqa: E402
from training.panoramic.batches import PanoramaBatch, WindowBatch  # noqa: E402
from training.panoramic.losses import boundary_loss, coarse, consistency, told_loss  # noqa: E402
from training.panoramic.objective import Adapting, Learning  # noqa: E402
from training.panoramic.recipe import AssistantLosses, StudentLosses  # noqa: E402
from training.panoramic.stitching import counted  # noqa: E402
from training.panoramic.windows import Family, cut, lay_out  # noqa: E402

WINDOWS = lay_out((Family(16, 0, 8),), 32, 16)


def log_shares(logits):
    logits = np.asarray(logits, np.float64)
    return logits - np.log(np.exp(logits).sum(0))


def test_counted_windows_give_the_mean_over_windows():
    rng = np.random.default_rng(0)
    parts = [rng.choice([0, 1, 2, 255], (16, 16)).astype(np.uint8) for _ in WINDOWS.views]
    logits = rng.normal(size=(3, 16, 32))
    found = told_loss(torch.from_numpy(logits)[None].log_softmax(1),
                      torch.from_numpy(counted(parts, WINDOWS, 3))[None])
    terms = []
    for view, part in zip(WINDOWS.views, parts, strict=True):
        own = cut(np.moveaxis(log_shares(logits), 0, -1), view)
        terms += [-own[r, c, part[r, c]] for r, c in np.argwhere(part != 255)]
    assert float(found) == pytest.approx(np.mean(terms), abs=1e-6)
    nothing = told_loss(torch.from_numpy(logits)[None].log_softmax(1), torch.zeros(1, 3, 16, 32))
    assert float(nothing) == 0


def test_consistency_is_half_of_both_divergences():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 4, 5, 6))
    p, q = (np.exp(log_shares(x)) for x in (a, b))
    wanted = ((p * np.log(p / q)).sum(0) + (q * np.log(q / p)).sum(0)).mean() / 2
    pair = [torch.tensor(x, dtype=torch.float32, requires_grad=True) for x in (a, b)]
    for detach in (True, False):
        assert float(consistency(*pair, 'kl', detach).detach()) == pytest.approx(wanted, abs=1e-5)
        assert float(consistency(*pair, 'l2', detach).detach()) == pytest.approx(
            ((p - q) ** 2).sum(0).mean(), abs=1e-5)
    assert float(consistency(pair[0], pair[0].clone(), 'kl', True).detach()) == pytest.approx(
        0, abs=1e-7)
    # stop-gradient changes where the loss pulls, not what it is
    pulls = [torch.autograd.grad(consistency(*pair, 'kl', detach), pair[0])[0]
             for detach in (True, False)]
    assert not torch.allclose(*pulls)


def test_constant_logits_are_consistent():
    class Constant(torch.nn.Module):
        def forward(self, image):
            return torch.ones(len(image), 4, image.shape[2] // 4, image.shape[3] // 4) * (
                torch.arange(4.0)[None, :, None, None])
    batch = windows_batch()
    given = AssistantLosses(ensemble=0, reliable=0)
    assert float(Adapting(Constant(), given)(batch)[0]) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize('form', ['dice', 'bce'])
def test_boundary_loss(form):
    rng = np.random.default_rng(2)
    b = rng.uniform(0.01, 0.99, (1, 6, 7))
    seen = rng.integers(0, 3, (1, 6, 7))
    hits = np.minimum(rng.integers(0, 3, (1, 6, 7)), seen)
    if form == 'bce':
        terms = [-np.log(p) if k < h else -np.log(1 - p)
                 for p, h, n in zip(b.ravel(), hits.ravel(), seen.ravel(), strict=True)
                 for k in range(n)]
        wanted = np.mean(terms)
    else:
        t, p = (hits > 0).astype(float), b * (seen > 0)
        wanted = 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)
    found = boundary_loss(*(torch.from_numpy(x) for x in (b, hits, seen)), form)
    assert float(found) == pytest.approx(wanted, abs=1e-5)
    nothing = torch.zeros(1, 6, 7)
    assert np.isfinite(float(boundary_loss(torch.from_numpy(b), nothing, nothing, form)))


def test_the_coarse_grid_has_the_largest_of_each_block():
    maps = torch.arange(32.0).reshape(1, 4, 8)
    assert coarse(maps, (1, 2)).tolist() == [[[27, 31]]]


def windows_batch():
    generator = torch.Generator().manual_seed(0)

    def labels():
        return torch.randint(0, 4, (2, 32, 32), generator=generator)
    return WindowBatch(
        torch.randn(2, 3, 32, 32, generator=generator),
        torch.randn(2, 3, 32, 32, generator=generator), (labels(), labels()),
        (torch.full((2, 32, 32), 255), labels()),
        [((slice(0, 32), slice(16, 32)), (slice(0, 32), slice(0, 16)))] * 2)


def panorama_batch():
    generator = torch.Generator().manual_seed(1)

    def counts(*shape):
        return torch.randint(0, 3, shape, generator=generator).to(torch.uint8)
    return PanoramaBatch(
        torch.randn(1, 3, 32, 80, generator=generator), counts(1, 4, 32, 64),
        counts(1, 4, 32, 64), counts(1, 4, 32, 64), counts(1, 32, 64), counts(1, 32, 64) + 2)


@pytest.mark.parametrize(('module', 'batch', 'given', 'names'), [
    (Adapting, windows_batch, AssistantLosses(),
     ('consistency', 'ensemble', 'reliable')),
    (lambda n, g: Learning(n, g, 8), panorama_batch, StudentLosses(),
     ('stitched', 'ensemble', 'reliable', 'boundary'))])
def test_every_loss_can_stand_alone_and_all_add_up(module, batch, given, names):
    torch.manual_seed(3)
    network = SegFormer(4).eval()
    weights = dict(zip(names, (0.5, 2.0, 3.0, 0.25), strict=False))
    together, parts = module(network, replace(given, **weights))(batch())
    assert parts.keys() == {'loss', *names}
    alone = {}
    for name in names:
        only = replace(given, **{n: float(n == name) for n in names})
        loss, said = module(network, only)(batch())
        assert said.keys() == {'loss', name}
        assert torch.autograd.grad(loss, network.decode_head.linear_pred.weight)[0].any()
        alone[name] = float(loss.detach())
        assert alone[name] == pytest.approx(float(parts[name]), rel=1e-5)
    assert float(together.detach()) == pytest.approx(
        sum(weights[n] * alone[n] for n in names), rel=1e-5)


def test_nothing_reliable_is_no_disaster():
    batch = windows_batch()
    batch.sure = (torch.full((2, 32, 32), 255),) * 2
    torch.manual_seed(0)
    network = SegFormer(4)
    loss, _ = Adapting(network, AssistantLosses())(batch)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)

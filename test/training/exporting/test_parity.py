# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The parity report finds the differences that were put there."""

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
from torch import nn  # noqa: E402

from eventsam_ros.inference.parity import cases  # noqa: E402
from training.exporting.description import Description  # noqa: E402
from training.exporting.graphs import export_graphs  # noqa: E402
from training.exporting.parity import answers, measure  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.encoder import CompactEncoder  # noqa: E402
from training.networks.promptable import PromptDecoder  # noqa: E402

WIDTH, HEIGHT = 96, 64
DESCRIPTION = Description('any', (128.0,) * 3, (40.0,) * 3)


class _Shifted(nn.Module):
    def __init__(self, encoder, shift):
        super().__init__()
        self.encoder, self.shift = encoder, shift

    def forward(self, image):
        return self.encoder(image) + self.shift


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    torch.manual_seed(0)
    encoder, decoder = CompactEncoder().eval(), PromptDecoder(WIDTH, HEIGHT).eval()
    folder = tmp_path_factory.mktemp('graphs')
    export_graphs(encoder, decoder, folder, half=False)
    return encoder, decoder, folder


def test_equal_networks_agree(exported):
    encoder, decoder, folder = exported
    tried = cases(DESCRIPTION, WIDTH, HEIGHT)
    report = measure(folder, tried, answers(encoder, decoder, tried))
    assert report.embedding_max < 1e-4
    assert report.mask_iou > 0.999


def test_a_shift_of_the_embedding_is_measured(exported):
    encoder, decoder, folder = exported
    shift = torch.full((1, 256, 1, 1), 0.25)
    shift[0, 7] = -1.0
    tried = cases(DESCRIPTION, WIDTH, HEIGHT)
    report = measure(folder, tried, answers(_Shifted(encoder, shift), decoder, tried))
    assert report.embedding_max == pytest.approx(1.0, abs=1e-3)
    assert report.embedding_mean == pytest.approx((255 * 0.25 + 1.0) / 256, abs=1e-3)


def test_opposite_masks_do_not_overlap(exported):
    encoder, decoder, folder = exported
    tried = cases(DESCRIPTION, WIDTH, HEIGHT)

    class Opposite(nn.Module):
        def forward(self, *inputs):
            logits, scores = decoder(*inputs)
            return -logits, scores

    report = measure(folder, tried, answers(encoder, Opposite(), tried))
    assert report.mask_iou == report.mask_iou_least == 0
    assert report.embedding_max < 1e-4


def test_overlap_is_that_of_every_output_of_every_prompt(exported):
    encoder, decoder, folder = exported
    tried = cases(DESCRIPTION, WIDTH, HEIGHT)

    class First(nn.Module):
        """Leaves out the second row of cells of the first output."""

        def forward(self, *inputs):
            logits, scores = decoder(*inputs)
            logits[:, 0, 1] = -1
            return logits, scores

    wanted = answers(encoder, decoder, tried)
    overlaps = []
    for answer in wanted:
        for k, mask in enumerate(answer.masks):
            total = np.count_nonzero(mask)
            kept = total - (np.count_nonzero(mask[1]) if k % 4 == 0 else 0)
            overlaps.append(kept / total if total else 1.0)
    report = measure(folder, tried, answers(encoder, First(), tried))
    assert report.mask_iou == pytest.approx(np.mean(overlaps), abs=1e-4)
    assert report.mask_iou_least == pytest.approx(min(overlaps), abs=1e-3)


def test_the_pictures_are_noise_and_events_and_always_the_same():
    one, two = cases(DESCRIPTION, WIDTH, HEIGHT), cases(DESCRIPTION, WIDTH, HEIGHT)
    assert len(one) == 3
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        for call, again in zip(a.calls, b.calls, strict=True):
            np.testing.assert_array_equal(call.coords, again.coords)
            np.testing.assert_array_equal(call.labels, again.labels)
    # most of an event picture is the grey of "no event", 128
    blank = [float((case.image == 0).mean()) for case in one]
    assert blank[0] < 0.05
    assert min(blank[1:]) > 0.2
    assert sorted({len(call) for case in one for call in case.calls}) == [8]

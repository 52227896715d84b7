# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The checkpoint of a distillation becomes a bundle that answers as the student does."""

import argparse

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

from eventsam_ros.events.tensors import window_image  # noqa: E402
from eventsam_ros.events.types import Events, Window  # noqa: E402
from eventsam_ros.inference import Box, Point, Prompt, Segmenter, load_bundle  # noqa: E402
from training.distill.recipe import make_recipe  # noqa: E402
from training.distill.students import build_networks, checkpoint  # noqa: E402
from training.errors import RecipeError  # noqa: E402
from training.exporting.student import add_command, write_student  # noqa: E402
from training.networks.promptable import PromptDecoder  # noqa: E402
from training.networks.sam_vit import SPECS, SamVit, VitSpec  # noqa: E402
from training.teachers.teacher import Teacher  # noqa: E402

WIDTH, HEIGHT = 96, 64
SMALL = VitSpec(32, 4, 2, (0, 1, 2, 3), window=3)


def student(folder, kind, spec=SMALL, **choice):
    """Write best.pt of a student that has learnt nothing, and return its networks."""
    torch.manual_seed(0)
    teacher = Teacher(SamVit(spec, HEIGHT, WIDTH), PromptDecoder(WIDTH, HEIGHT), HEIGHT, WIDTH)
    recipe = make_recipe({
        'name': 'little', 'teacher': 'runs/teacher.pt', 'data': ['runs/pairs', 'runs/more'],
        'student': {'kind': kind, 'mean': [100.0, 110.0, 120.0], 'std': [30.0, 40.0, 50.0],
                    **choice},
        'loss': {'prompts': 1.0}, 'steps': 100}, 'little.yaml')
    networks = build_networks(recipe, teacher)
    torch.save(checkpoint(networks, recipe, teacher, 'robust', 7, {'score': 0.5, 'click': 0.25}),
               folder / 'best.pt')
    return networks.eval()


@pytest.mark.parametrize('detail', [0, 4])
@torch.no_grad()
def test_a_compact_student_answers_as_it_did_in_torch(tmp_path, detail):
    choice = {'backbone': 'small', 'detail': detail, 'decoder': 'tuned'}
    networks = student(tmp_path, 'compact', **choice)
    write_student(tmp_path, tmp_path / 'bundle', half=False)
    bundle = load_bundle(tmp_path / 'bundle')
    m = bundle.manifest
    assert (m.name, m.mean, m.std) == ('little', (100, 110, 120), (30, 40, 50))
    assert (m.padding, m.point_padding, m.prompt_output) == ('blank', 'slots', 'first')
    assert m.box_prior
    assert m.training['metrics'] == {'score': 0.5, 'click': 0.25}
    assert (m.training['steps'], m.training['teacher']) == (7, 'teacher.pt')
    rng = np.random.default_rng(0)
    events = Events(rng.integers(0, WIDTH, 3000).astype(np.uint16),
                    rng.integers(0, HEIGHT, 3000).astype(np.uint16),
                    rng.integers(0, 2, 3000).astype(np.uint8),
                    np.sort(rng.integers(0, 50_000_000, 3000)))
    window = Window(events, 0, 50_000_000, WIDTH, HEIGHT)
    picture = window_image(window, 'robust', WIDTH, HEIGHT).astype(np.float32)
    image = (picture - [100, 110, 120]) / [30, 40, 50]
    features = networks.student(torch.from_numpy(image.transpose(2, 0, 1)[None]).float())
    coords, labels = torch.zeros(1, 4, 2), torch.tensor([[1.0, -1, -1, -1]])
    coords[0, 0] = torch.tensor([40.0, 30.0])
    logits, scores = networks.decoder(
        features.embedding, coords, labels, torch.zeros(1, 1, 16, 24), torch.zeros(1))
    answer = Segmenter(bundle).segment(window, [Prompt(points=(Point(40, 30),))])
    assert answer.scores[0] == pytest.approx(float(scores[0, 0].clamp(0, 1)), abs=1e-4)
    full = torch.nn.functional.interpolate(logits[:, :1], (HEIGHT, WIDTH), mode='bilinear')[0, 0]
    sure = full.abs() > 1e-3
    assert (torch.from_numpy(answer.masks[0]) == (full > 0))[sure].all()


def test_a_student_of_official_sam_is_asked_as_sam_is(tmp_path):
    student(tmp_path, 'compact', SPECS['vit_b'], backbone='small')
    write_student(tmp_path / 'best.pt', tmp_path / 'bundle')
    bundle = load_bundle(tmp_path / 'bundle')
    m = bundle.manifest
    assert (m.point_padding, m.prompt_output, m.box_prior) == ('sam', 'sam', False)
    assert m.precision == 'fp16'
    # pairs are padded with the grey of "no event", whoever taught
    assert m.padding == 'blank'
    rng = np.random.default_rng(0)
    events = Events(*(rng.integers(0, 60, 500).astype(np.uint16) for _ in 'xy'),
                    np.ones(500, np.uint8), np.arange(500, dtype=np.int64))
    found = Segmenter(bundle).segment(
        Window(events, 0, 500, 60, 60), [Prompt(box=Box(10, 10, 30, 30))])
    assert found.masks.shape == (1, 60, 60)


def test_one_command_writes_it(tmp_path, capsys):
    student(tmp_path, 'paper')
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    arguments = parser.parse_args(['bundle', str(tmp_path), '--output', str(tmp_path / 'bundle')])
    arguments.act(arguments)
    assert capsys.readouterr().out.startswith(
        f'{tmp_path}/bundle written; its masks agree with the checkpoint at IoU ')
    assert load_bundle(tmp_path / 'bundle').manifest.parity['fp16']['mask_iou'] >= 0.99


def test_a_run_without_a_checkpoint_is_one_sentence(tmp_path):
    with pytest.raises(RecipeError, match=r'best\.pt cannot be read: '):
        write_student(tmp_path, tmp_path / 'bundle')
    assert not (tmp_path / 'bundle').exists()

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A miniature study from the command line, and the scores against independent counts."""

import csv
import statistics

import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('lightning_fabric', reason='distillation needs lightning-fabric')
from training.__main__ import main  # noqa: E402
from training.compare.everything import everything  # noqa: E402
from training.compare.recipe import JudgedOn, load_study  # noqa: E402
from training.compare.run import folder_of, run_study  # noqa: E402
from training.compare.score import FIGURES, Judged, pairs_of, score  # noqa: E402
from training.distill.questions import OWN  # noqa: E402
from training.errors import RecipeError  # noqa: E402
import training.networks  # noqa: E402, F401
from training.networks.promptable import PromptDecoder  # noqa: E402
from training.networks.sam_vit import SamVit, VitSpec  # noqa: E402
from training.teachers.teacher import Teacher  # noqa: E402

SPEC = VitSpec(32, 4, 2, (0, 1, 2, 3), window=3)
WIDTH, HEIGHT = 96, 64


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp('study')
    for name, seed in (('train', '1'), ('held', '2'), ('validation', '3')):
        assert main(['pairs', str(folder / name), '--source', 'scenes', '--size',
                     f'{WIDTH}x{HEIGHT}', '--count', '6', '--seed', seed, '--jobs', '1']) == 0
    torch.manual_seed(0)
    Teacher(SamVit(SPEC, HEIGHT, WIDTH), PromptDecoder(WIDTH, HEIGHT), HEIGHT, WIDTH).save(
        folder / 'teacher.pt')
    study = {
        'name': 'mini', 'seeds': [0, 1],
        'base': {'teacher': str(folder / 'teacher.pt'), 'data': [str(folder / 'train')],
                 'cache': str(folder / 'cache'), 'student': {'kind': 'paper'}, 'steps': 2,
                 'batch': 2, 'warm_up': 1, 'check_every': 2, 'check_pairs': 1, 'pictures': 0,
                 'validation': [str(folder / 'validation')]},
        'arms': [{'name': 'teacher on frames', 'kind': 'teacher', 'picture': 'frame'},
                 {'name': 'weighted', 'changes': {'loss': {'weighting': 'clean'}}}],
        'tests': [{'name': 'scenes', 'folder': str(folder / 'held'), 'most': 3}]}
    (folder / 'study.yaml').write_text(yaml.safe_dump(study))
    return folder


def test_a_study_runs_from_the_command_line_and_a_rerun_changes_nothing(root, capsys):
    output = root / 'out'
    arguments = ['compare', str(root / 'study.yaml'), '--output', str(output)]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    with (output / 'results.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert {(r['arm'], r['seed']) for r in rows} == {
        ('teacher on frames', '0'), ('weighted', '0'), ('weighted', '1')}
    assert {r['figure'] for r in rows} == set(FIGURES)
    values = [float(r['value']) for r in rows if r['arm'] == 'weighted' and r['figure'] == 'tap_1']
    cell = f'{statistics.fmean(values):.3f} ± {statistics.stdev(values):.3f}'
    assert cell in first
    assert '| teacher on frames |' in (output / 'results.md').read_text()
    study = load_study(root / 'study.yaml')
    checkpoint = folder_of(output, study.arms[1], 1) / 'last.pt'
    before = checkpoint.stat().st_mtime_ns
    assert main(arguments) == 0
    assert capsys.readouterr().out == first
    assert checkpoint.stat().st_mtime_ns == before


def test_the_teacher_on_frames_is_at_no_distance_from_itself(root):
    study = load_study(root / 'study.yaml')
    results = run_study(study, root / 'out', 1, 1)
    scores = results[0].scores['scenes']
    assert [scores[f'tap_{k}'] for k in (1, 2, 3, 4)] == pytest.approx([0] * 4, abs=1e-6)
    assert results[1].scores['scenes']['tap_4'] > 0.01


class Perfect(PromptDecoder):
    """Answers with the ids that are hidden in the embedding, at the place of the click or box."""

    def forward(self, embedding, coords, labels, *_):
        ids = embedding[:, 0].repeat_interleave(4, 1).repeat_interleave(4, 2)
        box = labels[:, 0] == 2
        place = torch.where(box[:, None], coords[:, :2].mean(1), coords[:, 0]) / 4
        wanted = torch.stack([
            ids[k, int(y.clamp(0, ids.shape[1] - 1)), int(x.clamp(0, ids.shape[2] - 1))]
            for k, (x, y) in enumerate(place)])
        logits = torch.where(
            (ids == wanted[:, None, None]) & (wanted[:, None, None] > 0), 8.0, -8.0)
        scores = (wanted > 0).float()[:, None].expand(-1, 4)
        return logits[:, None].expand(-1, 4, -1, -1), scores


def blocks():
    ids = torch.zeros(1, 256, HEIGHT // 16, WIDTH // 16)
    ids[0, 0, 1:3, 1:3], ids[0, 0, 0:2, 4:6] = 1, 2
    return ids


def test_everything_finds_each_object_once():
    found = everything(Perfect(WIDTH, HEIGHT), blocks(), (WIDTH, HEIGHT), OWN)
    truth = blocks()[0, 0].repeat_interleave(4, 0).repeat_interleave(4, 1).numpy()
    assert found.shape == truth.shape
    for i in (1, 2):
        under = np.unique(found[truth == i])
        assert len(under) == 1
        assert under[0] > 0
        assert ((found == under[0]) == (truth == i)).all()
    assert len(np.unique(found)) == 3


def test_a_test_set_without_labelled_pairs_is_refused(root):
    with pytest.raises(RecipeError, match='no labelled pairs of photos'):
        pairs_of(JudgedOn('photos', root / 'held', 'photos'))
    assert len(pairs_of(JudgedOn('few', root / 'held', 'scenes', 2))) == 2


@torch.no_grad()
def test_click_and_box_scores_are_means_over_objects(root):
    pair = pairs_of(JudgedOn('one', root / 'held', '', 1))[0]
    torch.manual_seed(0)
    teacher = Teacher(SamVit(SPEC, HEIGHT, WIDTH), PromptDecoder(WIDTH, HEIGHT), HEIGHT, WIDTH)

    class Everywhere(PromptDecoder):
        def forward(self, _, coords, *__):
            shape = (len(coords), 4, HEIGHT // 4, WIDTH // 4)
            return torch.ones(shape), torch.ones(len(coords), 4)

    judged = Judged(teacher.network, Everywhere(WIDTH, HEIGHT), OWN, 'events',
                    (128.0,) * 3, (40.0,) * 3)
    ids = [i for i in np.unique(pair.ids) if i]
    expected = np.mean([(pair.ids == i).mean() for i in ids])
    found = score(judged, teacher, [pair])
    assert found['click'] == pytest.approx(expected, rel=1e-6)
    assert found['box'] == pytest.approx(expected, rel=1e-6)
    assert found['mR'] <= 1

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The commands of docs/training.md, line by line, on miniature data."""

from pathlib import Path
import re
import shlex

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
pytest.importorskip('lightning_fabric', reason='distillation needs lightning-fabric')
from functools import partial  # noqa: E402

from segment_anything.modeling import (  # noqa: E402
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

import eventsam_ros.__main__  # noqa: E402
from eventsam_ros.inference import load_bundle  # noqa: E402
import training.__main__  # noqa: E402
import training.networks  # noqa: E402
from training.networks.sam_vit import SPECS, VitSpec  # noqa: E402

ROOT = Path(__file__).parents[2]
SMALL = VitSpec(32, 4, 2, (0, 1, 2, 3), window=3)
SIZE = 128


def commands():
    """Return the lines of the first code block of the guide, as argument lists."""
    guide = (ROOT / 'docs' / 'training.md').read_text()
    block = re.search(r'```sh\n(.*?)```', guide, re.DOTALL)
    return [shlex.split(line) for line in block.group(1).strip().splitlines()]


def write_sam(path):
    torch.manual_seed(0)
    sam = Sam(
        ImageEncoderViT(
            img_size=SIZE, embed_dim=SMALL.width, depth=SMALL.depth, num_heads=SMALL.heads,
            use_rel_pos=True, window_size=SMALL.window, global_attn_indexes=SMALL.taps,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6)),
        PromptEncoder(256, (SIZE // 16,) * 2, (SIZE, SIZE), 16),
        MaskDecoder(transformer_dim=256, transformer=TwoWayTransformer(2, 256, 8, 2048)))
    torch.save(sam.state_dict(), path)


def write_rgbe(layouts, folder):
    for sequence, frame in (('dog', '0007'), ('van', '0001'), ('van', '0002')):
        root = folder / 'Datasets' / 'RGBE-SEG' / 'train' / sequence
        (root / 'event').mkdir(parents=True, exist_ok=True)
        x, y, p, t = layouts.events(2000, 346, 260, 30_000, int(frame))
        np.savez(root / 'event' / f'{frame}.npz', x=x, y=y, t=t, p=p)
        layouts.picture(root / 'rgb_image' / f'{frame}.jpg', 260, 346, int(frame))


def test_the_guide_leads_from_sams_checkpoint_to_a_report(tmp_path, monkeypatch, layouts):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(SPECS, 'vit_b', SMALL)
    write_sam(tmp_path / 'sam_vit_b_01ec64.pth')
    write_rgbe(layouts, tmp_path / 'RGBE')
    layouts.write_dsec(tmp_path / 'DSEC')
    assert eventsam_ros.__main__.main(
        ['simulate', '--output', 'RECORDING', '--duration', '0.4', '--width', '96',
         '--height', '64']) == 0
    recipe = (ROOT / 'training/recipes/distill_compact.yaml').read_text()
    (tmp_path / 'training/recipes').mkdir(parents=True)
    (tmp_path / 'training/recipes/distill_compact.yaml').write_text(recipe)
    lines = commands()
    assert [line[3] for line in lines] == [
        'pairs', 'pairs', 'distill', 'bundle', 'bundle', 'evaluate']
    small = ['steps=2', 'batch=2', 'warm_up=1', 'check_every=2', 'views=1', 'pictures=1',
             'check_pairs=1', 'prompts=2', 'validation_share=0.4']
    for python, flag, module, *arguments in lines:
        assert (python, flag) == ('python', '-m')
        given = [a.replace('512x512', f'{SIZE}x{SIZE}') for a in arguments]
        if given[0] == 'distill':
            given += [word for change in small for word in ('--set', change)]
        if given[0] == 'pairs':
            given += ['--jobs', '1']
        main = training.__main__.main if module == 'training' else eventsam_ros.__main__.main
        assert main(given) == 0, given
    bundle = load_bundle(tmp_path / 'my_bundle')
    assert (bundle.manifest.width, bundle.manifest.prompt_output) == (SIZE, 'sam')
    assert (tmp_path / 'runs/report/report.html').is_file()

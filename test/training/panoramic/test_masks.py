# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Masks without classes from files, networks and segment-anything, kept and judged."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')

import training.networks  # noqa: E402, F401  isort:skip
import segment_anything  # noqa: E402  isort:skip
from segment_anything.modeling import (  # noqa: E402
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

from eventsam_ros.errors import DatasetError  # noqa: E402
from training.errors import RecipeError  # noqa: E402
from training.networks.promptable import PromptableSegmenter, PromptDecoder  # noqa: E402
from training.networks.sam_vit import SPECS, SamVit  # noqa: E402
from training.panoramic.mask_cache import MaskCache  # noqa: E402
from training.panoramic.mask_quality import window_quality  # noqa: E402
from training.panoramic.masks import FolderMasks, Masks, OfficialMasks, TeacherMasks, open_masks  # noqa: E402
from training.panoramic.pictures import (  # noqa: E402
    Panorama,
    PanoramaChoice,
    Panoramas,
    SourceChoice,
    SourcePictures,
)
from training.panoramic.segmenter import (  # noqa: E402
    KIND,
    PromptableMasks,
    regions,
    separate,
    write_region_pairs,
)
from training.panoramic.windows import Family, View, cut, lay_out  # noqa: E402
from training.teachers.frames import Frames  # noqa: E402
from training.teachers.teacher import Teacher  # noqa: E402

WINDOWS = lay_out((Family(32, 0, 16),), 64, 32)
SEAM = View(0, 48, 32, 32)


@pytest.fixture(scope='module')
def panoramas(streets):
    return Panoramas(PanoramaChoice(streets / 'panoramas'), (64, 32))


def test_files_of_masks_go_round_the_seam(streets, panoramas):
    ids = cv2.imread(str(streets / 'masks/cs/1.png'), cv2.IMREAD_UNCHANGED)
    found = FolderMasks(streets / 'masks').masks(panoramas[1], SEAM)
    wanted = [cut(ids, SEAM) == k for k in np.unique(cut(ids, SEAM)) if k]
    np.testing.assert_array_equal(found, wanted)
    small = Panorama('cs/1', cv2.resize(panoramas[1].picture, (32, 16)))
    assert FolderMasks(streets / 'masks').masks(small, View(0, 0, 16, 32)).shape[1:] == (16, 32)
    with pytest.raises(DatasetError, match='is missing'):
        FolderMasks(streets / 'masks').masks(Panorama('cs/9', panoramas[1].picture), SEAM)
    with pytest.raises(DatasetError, match='must have 64 x 24 pixels'):
        FolderMasks(streets / 'masks').masks(Panorama('cs/1', panoramas[1].picture[:24]), SEAM)
    with pytest.raises(RecipeError, match='is missing'):
        open_masks(Masks('folder', streets / 'nowhere'))


def test_masks_are_kept_bit_by_bit_for_their_windows(streets, panoramas, tmp_path):
    source = FolderMasks(streets / 'masks')
    cache = MaskCache(tmp_path, [*WINDOWS.views, View(3, 60, 9, 13)])
    cache.fill(source, panoramas, {})
    for k, name in enumerate(panoramas.names):
        for view, found in zip(cache.views, cache.read(name), strict=True):
            np.testing.assert_array_equal(found, source.masks(panoramas[k], view))
    with pytest.raises(RecipeError, match='made otherwise'):
        MaskCache(tmp_path, WINDOWS.views).fill(source, panoramas, {})
    cache.path('cs/0').write_bytes(b'PK')
    with pytest.raises(RecipeError, match='run the stage masks first'):
        cache.read('cs/0')


def test_a_teacher_gives_masks_and_learns_nothing(panoramas):
    torch.manual_seed(0)
    teacher = Teacher(SamVit(SPECS['compact'], 64, 64), PromptDecoder(64, 64), 64, 64)
    source = TeacherMasks(teacher, Masks(points=3).options)
    before = source.fingerprint
    found = source.masks(panoramas[0], SEAM)
    assert found.dtype == np.bool_
    assert found.shape[1:] == (32, 32)
    assert source.fingerprint == before
    assert TeacherMasks(teacher, Masks(points=4).options).fingerprint != before
    modules = (teacher.network, teacher.decoder)
    assert not any(p.requires_grad for m in modules for p in m.parameters())


def test_a_network_of_pictures_is_read_back(panoramas, tmp_path):
    torch.manual_seed(0)
    network = PromptableSegmenter('mobilenetv4_conv_small', 64, 64)
    state = {'kind': KIND, 'backbone': 'mobilenetv4_conv_small', 'width': 64, 'height': 64,
             'frequency': 1.0, 'detail': 0, 'mean': 116.0, 'std': 58.0,
             'network': network.state_dict()}
    torch.save(state, tmp_path / 'it.pt')
    lenient = Masks(points=3, score=0, stability=0, least_area=1).options
    source = PromptableMasks(tmp_path / 'it.pt', replace(lenient, max_area=1.0))
    found = source.masks(panoramas[0], View(0, 50, 24, 32))
    assert len(found)
    assert found.shape[1:] == (24, 32)
    assert (found.sum(0) <= 1).all()   # painted over each other
    torch.save({**state, 'kind': 'else'}, tmp_path / 'else.pt')
    for name, says in (('none.pt', 'No such file'), ('else.pt', 'masks need')):
        with pytest.raises(RecipeError, match=says):
            open_masks(Masks('promptable', tmp_path / name))


def tiny_sam():
    """segment-anything's own classes at the least size that they can have."""
    torch.manual_seed(1)
    return Sam(
        ImageEncoderViT(img_size=64, patch_size=16, embed_dim=32, depth=1, num_heads=2,
                        out_chans=32, use_rel_pos=True, window_size=2),
        PromptEncoder(embed_dim=32, image_embedding_size=(4, 4), input_image_size=(64, 64),
                      mask_in_chans=4),
        MaskDecoder(transformer_dim=32, transformer=TwoWayTransformer(
            depth=1, embedding_dim=32, mlp_dim=32, num_heads=2)))


def test_the_official_generator_is_asked_as_it_is(panoramas, monkeypatch, tmp_path):
    source = OfficialMasks(tiny_sam(), 'tiny')
    generator = source._generator
    generator.pred_iou_thresh, generator.stability_score_thresh = -1e9, -1.0
    generator.point_grids = [generator.point_grids[0][::64]]   # a few of its clicks

    def one_by_one(boxes, scores, _, iou_threshold):
        """Suppression as torchvision does it, for where its operators are missing."""
        kept = []
        for k in scores.argsort(descending=True).tolist():
            low = torch.maximum(boxes[k, :2], boxes[kept, :2])
            high = torch.minimum(boxes[k, 2:], boxes[kept, 2:])
            both = (high - low).clamp(min=0).prod(1)
            areas = (boxes[:, 2:] - boxes[:, :2]).float().prod(1)
            if (both / (areas[k] + areas[kept] - both) <= iou_threshold).all():
                kept.append(k)
        return torch.tensor(kept)
    monkeypatch.setattr(
        segment_anything.automatic_mask_generator, 'batched_nms', one_by_one)
    found = source.masks(panoramas[0], SEAM)
    records = generator.generate(cut(panoramas[0].picture, SEAM))
    assert len(found) == len(records) > 0
    np.testing.assert_array_equal(found[0], records[0]['segmentation'])
    assert not any(p.requires_grad for p in source.network.parameters())

    def missing(*_, **__):
        raise RuntimeError("Couldn't load custom C++ ops")
    monkeypatch.setattr(segment_anything.automatic_mask_generator, 'batched_nms', missing)
    with pytest.raises(DatasetError, match='kind teacher reads the same checkpoint'):
        source.masks(panoramas[0], SEAM)
    (tmp_path / 'bad.pth').write_bytes(b'no checkpoint')
    with pytest.raises(RecipeError, match='no checkpoint of SAM'):
        open_masks(Masks('official', tmp_path / 'bad.pth'))


def test_regions_are_connected_and_of_one_value(streets, tmp_path):
    joint = np.array([[5, 5, 2, 5], [5, 5, 2, 5], [-1, -1, -1, 5]])
    np.testing.assert_array_equal(
        regions(joint, 1), [[1, 1, 3, 2], [1, 1, 3, 2], [0, 0, 0, 2]])
    assert regions(joint, 1, 2).max() == 2
    assert regions(joint, 5).max() == 0
    assert separate(regions(joint, 1)).sum((1, 2)).tolist() == [4, 3, 2]
    pictures = SourcePictures(
        SourceChoice(streets / 'pinhole', width=48, height=32), 'cityscapes_19')
    write_region_pairs(pictures, tmp_path, 0.3, 4)
    both = [Frames(tmp_path / part) for part in ('train', 'held_out')]
    assert sum(map(len, both)) == 10
    frame, ids = both[0][0]
    assert frame.shape == (32, 48, 3)
    assert ids.max() >= 3


def test_quality_is_1_for_right_masks_and_tells_wrong_ones():
    right = separate(np.repeat(np.repeat(np.arange(1, 5).reshape(2, 2), 8, 0), 16, 1))
    assert set(window_quality(right, right).values()) == {4, 1}
    merged = np.stack([right[0] | right[1], right[2]])
    found = window_quality(merged, right)
    assert found['covered'] == 0.75
    assert found['purity'] == pytest.approx((0.5 + 1) / 2)
    assert found['best_iou'] == pytest.approx((0.5 + 0.5 + 1 + 0) / 4)
    assert found['edges_right'] == 1
    none = window_quality(right[:0], right)
    assert (none['masks'], none['covered'], none['best_iou'], none['edges_found']) == (0, 0, 0, 0)
    assert np.isnan(none['purity'])

# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a run consists of, in a form that other processes and machines can be sent."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import lru_cache
import hashlib
import json
from pathlib import Path

from eventsam_ros.evaluation.datasets import Dataset, Sequence
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.inference import Segmenter
from eventsam_ros.inference.opening import load_any
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.panoramic_bundle import PanoramicBundle
from eventsam_ros.inference.referring import ReferringSegmenter
from eventsam_ros.inference.referring_bundle import ReferringBundle
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_bundle import RgbtBundle
from eventsam_ros.inference.semantic import SemanticSegmenter
from eventsam_ros.inference.semantic_bundle import SemanticBundle

from .panoramic import PanoramicPredictor
from .pictures import Gallery
from .prediction import BundlePredictor, ClassPredictor, FolderPredictor, Predictor, RgbtPredictor
from .referring import ReferringPredictor
from .sequence import run_sequence
from .store import SequenceStore
from .summary import SequenceResult


@dataclass(frozen=True)
class Task:
    """One run.

    Attributes:
        dataset: Recording or folder.
        output: Folder of the run.
        format: Name of the dataset's format; None recognises it.
        options: Of the format, name and value.
        bundle: What segments; None takes the one that ships.
        predictions: Folder of pictures to score instead; None lets the bundle segment.
        prompts: Whether to ask by click and box for each object of the truth, too.
        threads: Processor threads for one operator of the network; 0 leaves it to the back end.
        pictures: Whether to draw the film and the best and worst frames.
    """

    dataset: Path
    output: Path
    format: str | None = None
    options: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    bundle: Path | None = None
    predictions: Path | None = None
    prompts: bool = True
    threads: int = 0
    pictures: bool = True

    def open(self) -> Dataset:
        """Open the dataset.

        Raises:
            DatasetError: It cannot be read.
        """
        return open_dataset(self.dataset, self.format, **dict(self.options))

    def predictor(self) -> Predictor:
        """Return what answers.

        Raises:
            BundleError: The bundle does not check out.
            DatasetError: There is no such folder of predictions.
        """
        if self.predictions is not None:
            return FolderPredictor(self.predictions)
        bundle, threads = load_any(self.bundle), self.threads or None
        if isinstance(bundle, SemanticBundle):
            return ClassPredictor(SemanticSegmenter(bundle, threads=threads))
        if isinstance(bundle, RgbtBundle):
            return RgbtPredictor(RgbtSegmenter(bundle, threads=threads))
        if isinstance(bundle, PanoramicBundle):
            return PanoramicPredictor(
                PanoramicSegmenter(bundle, threads=threads), self.open().classes)
        if isinstance(bundle, ReferringBundle):
            return ReferringPredictor(
                ReferringSegmenter(bundle, threads=threads),
                {s.name: s.expressions for s in self.open().sequences})
        return BundlePredictor(Segmenter(bundle, threads=threads), self.prompts)

    def fingerprint(self) -> str:
        """Return what results depend on, as a hash: dataset, bundle or predictions, options."""
        bundle = None if self.predictions is not None else load_any(self.bundle)
        parts = {k: str(v) for k, v in asdict(self).items()
                 if k not in ('output', 'threads', 'pictures', 'bundle')}
        parts['dataset'] = str(self.dataset.resolve())
        if bundle is not None:
            parts['bundle'] = (bundle.path / 'bundle.yaml').read_text('utf-8')
        if self.predictions is not None:
            parts['files'] = str(sorted(
                (str(path.relative_to(self.predictions)), path.stat().st_size,
                 path.stat().st_mtime_ns) for path in self.predictions.rglob('*.png')))
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def sequence_of(dataset: Dataset, name: str) -> Sequence:
    """Return a sequence by its name."""
    return next(s for s in dataset.sequences if s.name == name)


@lru_cache(maxsize=1)
def _opened(task: Task) -> tuple[Dataset, Predictor, SequenceStore]:
    """Open what a task needs once in each process."""
    return task.open(), task.predictor(), SequenceStore(task.output, task.fingerprint())


def evaluate_sequence(task: Task, name: str) -> SequenceResult:
    """Evaluate one sequence of a run and keep its result; runs in any process.

    Raises:
        EventsamError: The dataset or the bundle cannot be used.
        OSError: The output folder cannot be written.
    """
    dataset, predictor, store = _opened(task)
    sequence = sequence_of(dataset, name)
    if not task.pictures:
        result = run_sequence(dataset, sequence, predictor)
    else:
        alone = len(dataset.sequences) == 1
        with Gallery(task.output, dataset, name, alone) as gallery:
            result = run_sequence(dataset, sequence, predictor, gallery.show)
    store.save(result)
    return result

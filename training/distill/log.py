# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Logs of a run: log.csv with a row a check, and TensorBoard's files."""

from __future__ import annotations

import csv
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from eventsam_ros.events.types import UInt8


class Log:
    """Writes both; what a killed run wrote after its last checkpoint is taken back."""

    def __init__(self, folder: Path, columns: tuple[str, ...], step: int) -> None:
        """Open the log of a run.

        Args:
            folder: Of the run.
            columns: Of log.csv; values of other names go to TensorBoard only.
            step: Where the run begins or goes on; later rows are removed.
        """
        self._path, self._columns = folder / 'log.csv', columns
        rows = []
        if self._path.exists():
            with self._path.open(newline='') as file:
                rows = [row for row in csv.DictReader(file) if int(row['step']) <= step]
        part = self._path.with_suffix('.part')
        with part.open('w', newline='') as file:
            writer = csv.DictWriter(file, columns, extrasaction='ignore', restval='')
            writer.writeheader()
            writer.writerows(rows)
        part.replace(self._path)
        self._board = SummaryWriter(
            str(folder / 'tensorboard'), purge_step=step + 1 if step else None)

    def scalars(self, step: int, values: dict[str, float], group: str) -> None:
        """Write values to TensorBoard."""
        for name, value in values.items():
            self._board.add_scalar(f'{group}/{name}', value, step)

    def row(self, step: int, values: dict[str, float]) -> str:
        """Write a row of log.csv; return it as a line to read."""
        shown = {'step': str(step)} | {k: f'{v:.5g}' for k, v in values.items()}
        with self._path.open('a', newline='') as file:
            csv.DictWriter(file, self._columns, extrasaction='ignore', restval='').writerow(shown)
        return '  '.join(f'{k} {v}' for k, v in shown.items())

    def picture(self, step: int, name: str, sheet: UInt8) -> None:
        """Write an RGB picture to TensorBoard."""
        self._board.add_image(
            name, sheet, step, dataformats='HWC')

    def close(self) -> None:
        """Finish the files."""
        self._board.close()

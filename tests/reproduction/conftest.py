"""Cells and results that no training stands behind."""

import pytest

from tf_mmdgan.config import CompareConfig, TrainConfig
from tf_mmdgan.reproduction import comparison
from tf_mmdgan.tools import flag_config


def parse(flags):
    return flag_config.parse(TrainConfig, flags)


@pytest.fixture
def plan(tmp_path):
    """plan(data=..., methods=..., ...) -> cells in `tmp_path`."""

    def make(**kwargs):
        config = CompareConfig(**{"output_dir": str(tmp_path), **kwargs})
        return comparison.plan(config, parse)

    return make


@pytest.fixture
def make_result():
    """make_result(cell, scores or a reason, ...) -> its result."""

    def make(cell, outcome, status="done", **kwargs):
        done = status == "done"
        values = {
            "data": cell.data, "method": cell.method, "seed": cell.seed,
            "flags": list(cell.flags), "steps": cell.config.steps,
            "status": status, "reason": None if done else outcome,
            "scores": outcome if done else {}, "seconds": 60.0, "threads": 2,
            "date": "2026-01-31", "commit": "abc", **kwargs,
        }  # fmt: skip
        return comparison.Result(**values)

    return make

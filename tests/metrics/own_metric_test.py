"""Metrics of a user's own: classes and functions."""

import dataclasses
from typing import ClassVar

import numpy as np
import pytest
from outsiders.members import ColourGap

from tf_mmdgan import errors, metrics
from tf_mmdgan.config.spelling import text
from tf_mmdgan.features import Extracted
from tf_mmdgan.metrics import METRIC_FAMILY, Metric

REAL = Extracted(np.eye(4, dtype=np.float32), np.full((4, 2), 0.5))
FAKE = Extracted(3.0 * np.eye(4, dtype=np.float32), np.eye(4)[:, :2])


@dataclasses.dataclass(frozen=True)
class ClassGap(Metric):
    of_classes: ClassVar[bool] = True

    def __call__(self, real, fake, settings):
        return {"width": real.shape[1], "gap": np.abs(real - fake).max()}


def test_a_class_is_a_metric_by_itself_and_by_its_name():
    expected = {"gap": pytest.approx(0.25)}  # means 1/4 and 3/4
    given = [ColourGap(2), "outsiders.members:ColourGap(power=2)"]
    for metric in given:
        (found,) = metrics.score(REAL, FAKE, [metric]).values()
        assert found == expected
    made = METRIC_FAMILY.get("outsiders.members:ColourGap")
    assert made == ColourGap() and METRIC_FAMILY.get(made) is made


def test_it_may_compare_class_probabilities():
    scores, _ = metrics.score_available(REAL, FAKE, [ClassGap()])
    assert scores == {text(ClassGap()): {"width": 2.0, "gap": 0.5}}
    with pytest.raises(errors.UsageError, match="needs class probabilities"):
        metrics.score(Extracted(REAL.features), FAKE, [ClassGap()])


def test_what_is_missing_is_named():
    with pytest.raises(TypeError, match="abstract method __call__"):
        Metric()


@pytest.mark.parametrize("found", [0.5, None, {"gap": "large"}, {1: 0.5}])
def test_numbers_need_names(found):
    def metric(real, fake, settings):
        return found

    with pytest.raises(errors.UsageError, match=r"gives .*numbers by name"):
        metrics.score(REAL, FAKE, [metric])

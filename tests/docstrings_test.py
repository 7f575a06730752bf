"""Each public name has an example in its docstring, which runs."""

import dataclasses
import doctest
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_mmdgan as tm

# What train, export or take longer than half a second; `train` makes the run
# that those after it look at.
SLOW = (
    "train", "load_run", "TrainedRun", "evaluate", "Report",
    "AdversarialModel", "CodeMatchingModel", "FeatureMatchingModel",
    "ImplicitModel", "LearnedMomentsModel", "MomentMatchingModel",
    "RatioMatchingModel",
    "StopAtNaN", "export_generator", "load_generator", "LocalPredictor",
    "Sampler", "deep_kernel_test", "classifier_test", "lipschitz_mmd2",
)  # fmt: skip
QUICK = sorted({*tm.__all__, "Metric"} - {*SLOW, "__version__"})
GIVEN = {
    "np": np, "tf": tf, "keras": keras, "tm": tm, "dataclasses": dataclasses,
    "__name__": "examples",
}  # fmt: skip
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def run(name):
    """Runs the examples of a name; what they print is what they say."""
    text = inspect.getdoc(getattr(tm, name)) or ""
    test = doctest.DocTestParser().get_doctest(
        text, dict(GIVEN), f"tm.{name}", None, None
    )
    assert test.examples, f"tm.{name} has no example"
    told = []
    failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(
        test, out=told.append
    )
    assert not failed, "".join(told)


@pytest.mark.parametrize("name", QUICK)
def test_an_example_is_right(name):
    run(name)


@pytest.mark.slow
def test_examples_that_take_longer_are_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in SLOW:
        run(name)

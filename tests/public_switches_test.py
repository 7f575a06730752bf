"""Each public switch takes True and False alone, of Python or of NumPy."""

import dataclasses
import functools
import inspect

import keras
import numpy as np
import pytest
import tiny

import tf_mmdgan as tm

EYE = np.eye(4, dtype=np.float32)
ONES = np.ones(4, np.float32)
GRAMS = tm.gram_matrices("rbf", EYE, EYE + 1.0)
SUMS = tm.candidate_sums(tm.Gaussian(), EYE, EYE + 1.0)
# What a call takes beside its switches.
OTHERS = {
    "AdversarialModel": (
        tiny.generator(), tiny.critic(), tiny.LATENTS, tiny.PENALISED_MMD,
    ),
    "Conditioning": (tm.Classes(2), "projection"),
    "Connection": ("localhost:8500",),
    "CriticOptions": (4,),
    "GatedChange": (lambda images, numbers: images, 0),
    "GeneratorOptions": (4,),
    "GradientConstrainedDiscrepancy": ("rbf",),
    "KernelDiscrepancy": ("rbf",),
    "RandomFeatureDiscrepancy": ("rbf",),
    "SpectralNormalization": (keras.layers.Dense(2),),
    "characteristic_mmd2": (EYE, EYE, EYE),
    "critic_gradient_constrained_mmd2": (
        lambda images: images, EYE, EYE + 1.0, EYE, "rbf", 0.1,
    ),
    "export_generator": (tiny.generator(), tiny.LATENTS, "nowhere"),
    "gradient_constrained_mmd2": (EYE, EYE + 1.0, EYE, "rbf", 0.1),
    "load_run": ("nowhere",),
    "mmd2_variance": (GRAMS,),
    "mmd2_weighted": (GRAMS, ONES, ONES),
    "three_sample_test": (SUMS, SUMS),
}  # fmt: skip
NAMED = {
    "DemoConfig": {"saved_model": "made"},
    "CompareConfig": {"output_dir": "made"},
    "EvaluateConfig": {"run_dir": "run"},
    "ExportConfig": {"run_dir": "run"},
    "SampleConfig": {"run_dir": "run"},
    "TrainConfig": {"run_dir": "run"},
    "TwoSampleConfig": {"x": "one", "y": "other"},
}
# Made of members that have all of the rest.
CHANGED = {
    "Architecture": tm.ARCHITECTURES["mlp"],
    "DatasetEntry": tm.DATASETS["digits"],
}
# What calls return, and is not made by the user.
MADE = ("TrainedRun",)


def maker(name):
    if name in CHANGED:
        return functools.partial(dataclasses.replace, CHANGED[name])
    return functools.partial(
        getattr(tm, name), *OTHERS.get(name, ()), **NAMED.get(name, {})
    )


def switches():
    for name in tm.__all__:
        thing = getattr(tm, name)
        if not callable(thing) or name in MADE:
            continue
        for parameter in inspect.signature(thing).parameters.values():
            if parameter.annotation in (bool, bool | None):
                yield name, parameter.name


SWITCHES = list(switches())


def test_there_are_switches_of_all_kinds():
    names = {name for name, _ in SWITCHES}
    assert {*OTHERS, *CHANGED} <= names and len(SWITCHES) > 50


@pytest.mark.parametrize(("name", "switch"), SWITCHES)
def test_a_switch_is_true_or_false(name, switch):
    make = maker(name)
    for wrong in ("no", 0, 1.0):
        with pytest.raises(ValueError, match=f"{switch}=.*need True or False"):
            make(**{switch: wrong})


@pytest.mark.parametrize(("name", "switch"), SWITCHES)
def test_a_truth_value_of_numpy_becomes_that_of_python(name, switch):
    thing = getattr(tm, name)
    if not dataclasses.is_dataclass(thing) or name.endswith("Config"):
        return
    default = inspect.signature(thing).parameters[switch].default
    made = maker(name)(**{switch: np.bool_(default)})
    assert getattr(made, switch) is default

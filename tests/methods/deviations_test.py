"""The original codes' deviations: their choice, and what models make of them.

Those of losses are in as_published_losses_test.py.
"""

import dataclasses
import pathlib
import re

import losses
import pytest
from deviating import configure, settings

from tf_mmdgan import errors
from tf_mmdgan.methods.deviations import DEVIATIONS, apply, resolve
from tf_mmdgan.methods.settings import AdversarialSettings
from tf_mmdgan.objectives import WGAN

DEMYSTIFYING = (
    "rq_scales", "distance_without_half", "distance_epsilon",
    "constant_diagonal", "ratio_diagonals", "ratio_plug_in", "ratio_floor",
    "norm_over_rows", "norm_epsilon", "clipped_gradients", "schedule_floor",
    "small_initial_weights", "batch_statistics",
)  # fmt: skip
SCALED = (
    "rq_scales", "distance_without_half", "distance_epsilon",
    "constant_diagonal", "ratio_diagonals", "ratio_plug_in", "ratio_floor",
    "norm_over_channels", "norm_epsilon", "clipped_gradients",
    "schedule_floor", "small_initial_weights", "batch_statistics",
    "early_critic_steps", "one_power_vector",
    "moved_with_generator", "project_output",
)  # fmt: skip


CHOICES = {
    "none": (),
    "demystifying": DEMYSTIFYING,
    "scaled": SCALED,
    "drifting": ("drift_floor", "drift_sizes_of_batch"),
}


@pytest.mark.parametrize("text", CHOICES)
def test_each_code_has_its_own_set(text):
    assert resolve(text) == CHOICES[text]


def test_names_are_put_in_order():
    given = "ratio_floor, rq_scales,clipped_gradients,rq_scales"
    expected = ("rq_scales", "ratio_floor", "clipped_gradients")
    assert resolve(given) == expected
    for name in DEVIATIONS:
        assert resolve(name) == (name,)


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "rq_scale",
            "deviation .--as_published. 'rq_scale'; known: rq_scales,",
        ),
        ("rq_scale", "Did you mean 'rq_scales'"),
        ("", "Unknown deviation .--as_published. ''"),
        ("scaled,rq_scales", "=scaled,rq_scales: none, .* stand alone"),
        ("demystifying,scaled", "stand alone"),
        ("none,rq_scales", "stand alone"),
        ("norm_over_rows,norm_over_channels", "has one norm; give"),
    ],
)
def test_impossible_choices_are_refused(text, words):
    with pytest.raises(errors.UsageError, match=words) as caught:
        settings(text)
    assert "\n" not in str(caught.value)


# Where each deviation can be seen.
OBJECTIVES = {
    "mmd": {},
    "distance": {"kernel": "distance"},
    "ratio_mmd": {"objective": "ratio_mmd"},
    "sn_smmd": {"objective": "sn_smmd"},
    "drift": {"objective": "drift"},
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_each_deviation_changes_settings_that_there_are(name):
    kind = DEVIATIONS[name].of
    seen = [c for c in OBJECTIVES.values() if isinstance(settings(**c), kind)]
    assert any(changed_settings(name, **chosen) for chosen in seen)


@pytest.mark.parametrize("objective", ["drift", "drift_ae"])
def test_drifting_as_its_code_has_it(objective):
    chosen = {"objective": objective}
    expected = {"drift_floor", "drift_decay"}
    assert changed_settings("drifting", **chosen) == expected
    field = losses.loss_of(configure("drifting", **chosen)).field
    assert (field.normalization, field.floor) == ("both", 1e-6)
    # It has no other normalisation, and so no floor of one.
    chosen["drift_normalization"] = "row"
    assert changed_settings("drifting", **chosen) == {"drift_decay"}
    found = settings("drifting", objective=objective, drift_decay=0.5)
    assert found.drift_decay == 0.5


@pytest.mark.parametrize(
    "code, objective",
    [("drifting", "mmd"), ("scaled", "drift"), ("drift_floor", "gmmn")],
)
def test_codes_have_objectives_of_their_own(code, objective):
    with pytest.raises(errors.UsageError, match="these codes have no"):
        settings(code, objective=objective)


def changed_settings(text, **kwargs):
    before = settings(**kwargs).by_name()
    after = settings(text, **kwargs).by_name()
    assert after.keys() == before.keys()
    return {k for k in after if after[k] != before[k]}


COMMON = {
    "clip_norm", "published_weights", "batch_statistics", "penalty_norm",
    "schedule_floor",
}  # fmt: skip
OF_SCALED = {
    "burn_in_critic_steps", "burn_in_first", "spectral_vectors",
    "moved_with_generator", "project_output",
}  # fmt: skip


@pytest.mark.parametrize(
    "kwargs, more",
    [
        ({}, {"kernel", "estimator", "penalty_epsilon"}),
        ({"kernel": "distance"}, {"kernel", "penalty_epsilon"}),
        ({"kernel": "rbf"}, {"penalty_epsilon"}),
        (
            {"objective": "ratio_mmd"},
            {"kernel", "estimator", "penalty_epsilon"},
        ),
        # The ratio, and the biased estimate, stay what they are.
        (
            {"objective": "li_mmd", "kernel": "rq_linear"},
            {"kernel", "penalty_epsilon"},
        ),
        ({"objective": "cramer"}, {"penalty_epsilon"}),
        ({"objective": "wgan_gp"}, set()),
        ({"objective": "cramer_surrogate"}, {"penalty_epsilon"}),
    ],
)
def test_what_a_code_changes(kwargs, more):
    assert changed_settings("demystifying", **kwargs) == COMMON | more
    own_burn_in = kwargs.get("objective") == "li_mmd"
    of_scaled = OF_SCALED - (
        {"burn_in_critic_steps", "burn_in_first"} if own_burn_in else set()
    )
    assert changed_settings("scaled", **kwargs) == COMMON | of_scaled | more


def test_the_scaled_family_has_its_first_weights_anyway():
    for code in ("demystifying", "scaled"):
        assert "published_weights" not in changed_settings(
            code, objective="swgan"
        )


@pytest.mark.parametrize(
    "given, stays",
    [
        ({"clip_norm": 0.5}, {}),
        ({"burn_in_critic_steps": 0}, {}),
        ({"burn_in_critic_steps": 7}, {"burn_in_first": 25}),
        ({"burn_in_first": 3}, {}),
        ({"critic_steps": 10}, {"burn_in_critic_steps": 0}),
        ({"scale_offset": 0.1}, {"scale_form": "paper"}),
    ],
    ids=str,
)
def test_what_is_given_wins(given, stays):
    actual = settings("scaled", objective="smmd", **given).by_name()
    for name, value in {**given, **stays}.items():
        assert actual[name] == value


def test_given_settings_win_in_apply():
    names = ("clipped_gradients", "one_power_vector")
    before = AdversarialSettings(criterion=WGAN())
    after = apply(names, before, {"clip_norm": 2.0})
    expected = {"clip_norm": 2.0, "spectral_vectors": 1}
    assert after == dataclasses.replace(before, **expected)
    assert (before.clip_norm, before.spectral_vectors) == (None, 8)


def test_documentation_has_every_deviation():
    root = pathlib.Path(__file__).parents[2]
    text = (root / "docs" / "deviations.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", text, re.MULTILINE)
    expected = [(n, ", ".join(d.codes)) for n, d in DEVIATIONS.items()]
    assert rows == expected

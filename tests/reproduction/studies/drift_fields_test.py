"""What the study of drift fields computes."""

import pytest

from tf_mmdgan.objectives.drift import DriftField
from tf_mmdgan.reproduction.studies import drift_fields

LAPLACE, GAUSSIAN = (drift_fields.KERNELS[k] for k in ("Laplace", "Gaussian"))


def test_only_fields_that_are_no_gradient_turn():
    assert drift_fields.curl(DriftField(GAUSSIAN, "row"), 3, seed=0) < 1e-12
    assert drift_fields.curl(DriftField(LAPLACE, "sharp"), 3, seed=0) < 1e-12
    assert drift_fields.curl(DriftField(LAPLACE, "separate"), 3, seed=0) > 0.1


def test_points_of_one_law_are_driven_out_by_each_side_alone():
    field = DriftField(LAPLACE, "separate")
    mean, error = drift_fields.outward(field, 2000, own=True, seed=0)
    assert mean == pytest.approx(0.216, abs=4 * error)
    field = DriftField(LAPLACE, "row")
    mean, error = drift_fields.outward(field, 2000, own=True, seed=0)
    assert abs(mean) < 4 * error


def test_strays_hardly_move():
    # Z+ / Z- of a Gaussian, 10 bandwidths away.
    assert drift_fields.stray_force(GAUSSIAN) < 1e-20
    assert 1e-5 < drift_fields.stray_force(LAPLACE) < 1e-4


def test_the_verdict_needs_each_of_its_parts():
    kinds = [f"{k}, {n}" for k in drift_fields.KERNELS
             for n in ("separate", "row", "none", "sharp")]  # fmt: skip
    turning = {"Laplace, separate": 0.5, "Laplace, row": 0.5}
    run = {"modes_covered": 8, "high_quality": 0.9}
    numbers = {
        "curl": {k: turning.get(k, 0.0) for k in kinds},
        "outward": {
            k: (0.3 if "separate" in k else 0.0, 0.01) for k in kinds
        },
        "outward_with_itself": dict.fromkeys(kinds, (-0.3, 0.01)),
        "stray": {"Laplace": 5e-5, "Gaussian": 0.0},
        "ring": {"both": [run]},
    }  # fmt: skip
    assert drift_fields.holds(numbers)
    for name, wrong in (
        ("curl", {**numbers["curl"], "Gaussian, row": 0.1}),
        ("outward", {**numbers["outward"], "Laplace, row": (0.3, 0.01)}),
        ("outward_with_itself", dict.fromkeys(kinds, (0.0, 0.01))),
        ("stray", {"Laplace": 0.5}),
        ("ring", {"both": [run | {"modes_covered": 7}]}),
    ):
        assert not drift_fields.holds(numbers | {name: wrong})

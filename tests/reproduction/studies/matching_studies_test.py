"""What the studies of moment and ratio matching compute."""

import numpy as np
import pytest
from loading import load

from tf_mmdgan.data.sets import ring
from tf_mmdgan.models import (
    AdversarialModel,
    MomentMatchingModel,
    RatioMatchingModel,
)
from tf_mmdgan.reproduction import studies
from tf_mmdgan.reproduction.studies import (
    ama,
    digits_parzen,
    gfmn_quality,
    kmm_ridge,
    projected_space,
    ring_grid,
    ring_training,
    runner,
    study,
)
from tf_mmdgan.reproduction.studies.ring_training import RingRun


def test_ratio_of_the_two_laws_has_the_published_divergence():
    y = 0.5 + 1.2 * np.random.default_rng(0).normal(size=400_000)
    ratio = kmm_ridge.true_ratio(y)
    assert ratio.mean() == pytest.approx(1.0, abs=0.005)
    found = np.square(ratio - 1.0).mean()
    assert found == pytest.approx(kmm_ridge.PEARSON, abs=0.003)


def test_a_ridge_makes_the_ratio_that_of_the_laws():
    good = kmm_ridge.trial(0, 0.1)
    assert good["correlation"] > 0.7
    assert good["mean"] == pytest.approx(1.0, abs=0.05)
    assert abs(kmm_ridge.trial(0, 0.0)["correlation"]) < 0.5


def test_training_digits_score_as_the_reference_has_it():
    digits = load("digits", "train", image_size=8).images
    found = digits_parzen.score(digits)
    assert 27.0 < found["log_likelihood"] < 32.0
    assert 0.4 < found["nearest_neighbor_accuracy"] < 0.7
    noise = np.random.default_rng(0).integers(0, 256, digits.shape, np.uint8)
    assert digits_parzen.score(noise)["log_likelihood"] < 0.0


KINDS = {
    "GRAM-net": RatioMatchingModel,
    "MMD-net": MomentMatchingModel,
    "MMD-GAN": AdversarialModel,
    "GAN": AdversarialModel,
}


@pytest.mark.parametrize("method", ring_training.COMPARED)
def test_cells_have_the_networks_of_the_grid(method):
    model = RingRun(method, dimension=3, noise=4, width=20).model()
    assert isinstance(model, KINDS[method])
    assert model.generator.input_shape == (None, 4)
    shapes = [w.shape for w in model.generator.weights if len(w.shape) == 2]
    assert shapes == [(4, 20), (20, 20), (20, 3)]
    if model.critic:
        width = 1 if method == "GAN" else 10
        assert model.critic.output["features"].shape == (None, width)


def test_points_of_the_tilted_ring_are_drawn_in_its_plane():
    flat = ring_training._untilted(ring.centres(dimension=3))
    angles = np.unwrap(np.arctan2(*flat.T[::-1]))
    np.testing.assert_allclose(np.hypot(*flat.T), ring.RADIUS, rtol=1e-6)
    np.testing.assert_allclose(np.abs(np.diff(angles)), np.pi / 4, rtol=1e-5)


def run(method, modes, share, width=100, **more):
    return {
        "method": method, "modes": modes, "high_quality": share,
        "width": width, "noise": 2, "dimension": 2, "seed": 0, **more,
    }  # fmt: skip


def test_verdict_of_the_grid():
    good = [run("GRAM-net", 8, 0.9), run("GRAM-net", 8, 0.8, width=20)]
    gans = [run("GAN", 8, 0.9), run("GAN", 1, 0.9)]
    assert ring_grid.holds({"runs": good + gans})
    assert not ring_grid.holds({"runs": good + gans[:1]})
    assert not ring_grid.holds({"runs": [*good, *gans, run("GRAM-net", 7, 1)]})
    assert not ring_grid.holds({"runs": [run("GRAM-net", 8, 0.8), *gans]})


def test_cells_of_the_grid_and_their_picture():
    """The claimed methods from all seeds in the plane, the rest from one."""
    asked = []

    class Parts:
        def get_all(self, function, calls):
            asked.extend(cell for cell, *_ in calls.values())
            points = [[0.0, 1.0], [2.0, 0.0]]
            return [
                {"modes": 7, "high_quality": 0.5, "points": points}
                for _ in calls
            ]

    numbers = ring_grid.compute(study.Budget(False, (0, 1)), Parts())
    assert len(asked) == len(set(asked)) == 4 * 2 * 12 + 2 * 12
    later = {(cell.method, cell.dimension) for cell in asked if cell.seed}
    assert later == {("GRAM-net", 2), ("GAN", 2)}
    assert sum("points" in run for run in numbers["runs"]) == 4 * 12
    assert "GAN misses modes with some seed (width and noise): 20 and 2," in (
        ring_grid.caption(numbers)
    )
    assert runner.picture(ring_grid.STUDY, numbers).startswith(b"\x89PNG")


@pytest.mark.slow
def test_projection_is_seen_at_the_steps_that_are_asked_for():
    shots = projected_space.train((0, 50))
    assert [shot["step"] for shot in shots] == [0, 50]
    assert np.shape(shots[0]["u"]) == (400, 2)
    assert (shots[0]["fake"] != shots[1]["fake"]).any()


@pytest.mark.parametrize("name", ["kmm_ridge"])
def test_quick_study(name, tmp_path):
    assert studies.run(name, tmp_path, quick=True).holds


def parzen_numbers(**means):
    runs = {
        name: [
            {
                "log_likelihood": mean, "standard_error": 1.0, "sigma": 0.1,
                "nearest_neighbor_accuracy": 0.6,
            }
        ]
        for name, mean in means.items()
    }  # fmt: skip
    pictures = {name: np.zeros((16, 8, 8)) for name in means}
    return {"runs": runs, "pictures": pictures}


def test_verdict_of_the_log_likelihoods():
    def holds(gmmn, codes, gram):
        means = {"GMMN": gmmn, "GMMN+AE": codes, "GRAM-net": gram}
        numbers = parzen_numbers(**means)
        assert runner.picture(digits_parzen.STUDY, numbers).startswith(
            b"\x89PNG"
        )
        return digits_parzen.holds(numbers)

    assert holds(22, 25, 20)
    assert not holds(26, 25, 20)
    assert not holds(22, 23.9, 20)
    assert not holds(22, 25, 18.9)


def times(distances, kids):
    return [
        {"step": step, "distance": distance, "kid": kid}
        for step, (distance, kid) in enumerate(
            zip(distances, kids, strict=True)
        )
    ]


def test_verdicts_of_feature_matching():
    falling = {"0": times([9, 4, 2, 1], [8, 3, 2, 1])}
    rising = {"0": times([9, 4, 2, 1], [1, 2, 3, 8])}
    assert gfmn_quality.holds({"runs": falling})
    assert gfmn_quality.correlations({"runs": rising}) == pytest.approx([-1.0])
    ends = dict(zip(ama.RUNS, (5.0, 2.0, 1.0), strict=True))
    runs = {name: [times([9.0, end], [1, 1])] for name, end in ends.items()}
    pictures = {name: np.zeros((9, 16, 16)) for name in ends}
    numbers = {"runs": runs, "pictures": pictures}
    assert ama.holds(numbers)
    assert runner.picture(ama.STUDY, numbers).startswith(b"\x89PNG")
    runs["MA, batch 64"][0][-1]["distance"] = 1.5
    assert not ama.holds(numbers)

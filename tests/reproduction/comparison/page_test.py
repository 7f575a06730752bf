"""The page of results, and that docs/results.md is one."""

import dataclasses
import pathlib

import PIL.Image
import pytest

from tf_mmdgan.reproduction.comparison import page, results

DOCS = pathlib.Path(__file__).parents[3] / "docs"


def curve(*kids, seconds=1000.0):
    return [
        {"step": 500 * i, "cpu_seconds": seconds * i, "kid": kid,
         "kid_standard_error": 0.1, "fid": 10.0 * kid}
        for i, kid in enumerate(kids)
    ]  # fmt: skip


@pytest.fixture
def runs(plan, make_result):
    """Three runs with curves: two seeds of one method, one of another."""
    found = []
    for cell in plan(
        data="fashion_mnist_long", methods="mmd,wgan_gp", seeds="0,1"
    ):
        kid = 2.0 + cell.seed
        if cell.name != "fashion_mnist_long/wgan_gp/1":
            scores = {
                "kid": kid, "kid_standard_error": 0.1, "precision": 0.5,
                "recall": 0.25, "blank_share": 0.01 * cell.seed,
                "copies": cell.seed, "hits": 200 * (1 + cell.seed),
                "hits_in_training": 180 * (1 + cell.seed),
            }  # fmt: skip
            found.append(make_result(cell, scores, curve=curve(12.0, 6.0, kid)))
    return found


def test_means_over_seeds_at_equal_steps_and_at_equal_time(runs):
    rows = [
        line
        for line in page.markdown(runs, {}).splitlines()
        if line.startswith(("| mmd ", "| wgan_gp "))
    ]
    assert rows == [
        "| mmd | 0, 1 | 1,000 | 2.50 +- 0.71 | 8.40 +- 0.00 | 3.20 +- 0.57 | "
        "25.0 +- 7.1 | 0.50 +- 0.00 | 0.25 +- 0.00 | 1.0 % | 1 of 2 (90.0 %) | "
        "2,000 +- 0 |",
        "| wgan_gp | 0 | 1,000 | 2.00 | 8.40 | 2.80 | 20.0 | 0.50 | 0.25 | "
        "0.0 % | 0 of 1 (90.0 %) | 2,000 |",
    ]


def test_time_beyond_the_run_is_not_extrapolated(runs):
    assert page.kid_at(runs[0], 1000.0) == 6.0
    assert page.kid_at(runs[0], 2001.0) is None


def test_the_frontier_is_the_least_kid_so_far(runs):
    slow = dataclasses.replace(
        runs[-1], curve=curve(12.0, 5.0, 1.0, seconds=1500.0)
    )
    times, kid = page.frontier([runs[0], slow])
    assert times.tolist() == [1000.0, 1500.0, 2000.0, 3000.0]
    assert kid.tolist() == [6.0, 5.0, 2.0, 1.0]
    assert page.frontier([])[0].size == 0


def test_claims_without_a_run_are_left_out(runs):
    claim = {"text": "A beats B.", "source": "C", "verdict": "undecided"}
    seeds = [{"seed": 0, "difference": -0.5, "p_value": 0.002}]
    other = {**claim, "text": "B beats D.", "seeds": seeds}
    text = page.markdown(runs, {"a": {**claim, "seeds": seeds}, "b": other})
    assert (
        "**C.** *A beats B*: **undecided**, -0.50 (p 0.002) from seed 0. "
        "*B beats D*: **undecided**"
    ) in text
    assert "A beats B" not in page.markdown(runs, {"a": {**claim, "seeds": []}})


def test_files_of_the_page(runs, tmp_path):
    for run in runs:
        name = f"{run.data}/{run.method}/seed_{run.seed}.json"
        results.write_result(tmp_path / "results" / name, run)
    page.write_page(tmp_path)
    drawn = tmp_path / "results_fashion_mnist_long_curves.png"
    assert PIL.Image.open(drawn).format == "PNG"
    text = (tmp_path / "results.md").read_text()
    assert f"({drawn.name})" in text and text == page.markdown(runs, {})

"""Finished runs side by side: what is refused, tested and shown."""

import dataclasses
import json
import math
import types
import warnings

import numpy as np
import pytest

from tf_mmdgan import errors, evaluation, training
from tf_mmdgan.config import CompareRunsConfig, TrainConfig
from tf_mmdgan.evaluation import outputs
from tf_mmdgan.training import compared, compared_page


@pytest.fixture
def scored(tmp_path, monkeypatch):
    """Makes folders of runs that have been scored; their names."""
    monkeypatch.chdir(tmp_path)

    def make(name, **others):
        (tmp_path / name).mkdir(exist_ok=True)
        report = {
            "scores": {"kid_exact": {"kid": 1.0}}, "extractor": "pixels",
            "real": "digits/test", "step": 9,
        }  # fmt: skip
        (tmp_path / name / "report.json").write_text(
            json.dumps(report | others)
        )
        return name

    return make


def test_a_run_without_scores_is_named(scored, tmp_path):
    (tmp_path / "new").mkdir()
    with pytest.raises(errors.DataError, match=r"^new has no scores.*=new"):
        training.compare_runs(runs=(scored("one"), "new"))
    scored("bad", scores=[1])
    with pytest.raises(errors.DataError, match=r"^bad has no scores"):
        training.compare_runs(runs=(scored("one"), "bad"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"scores": {"fid": {"fid": "low"}}}, {"scores": {"fid": {"fid": [1]}}},
        {"scores": {"fid": {"fid": 10**400}}}, {"baseline": [1]},
        {"baseline": {"fid": {"fid": {}}}}, {"step": {}}, {"real": "x" * 5000},
    ],
)  # fmt: skip
def test_a_report_of_other_types_is_refused(scored, wrong):
    with pytest.raises(errors.DataError, match=r"^bad has no scores"):
        training.compare_runs(runs=(scored("one"), scored("bad", **wrong)))


@pytest.mark.parametrize(
    "other, words",
    [
        ({"extractor": "inception"}, "one.*features of pixels, two.*inception"),
        ({"real": "mnist/test"}, "one.*against digits/test, two.*mnist/test"),
    ],
)
def test_scores_that_do_not_compare_are_both_named(scored, other, words):
    runs = (scored("one"), scored("two", **other))
    with pytest.raises(errors.UsageError, match=words):
        training.compare_runs(runs=runs)


def test_runs_of_other_data_of_one_name_do_not_compare(scored, tmp_path):
    for name in ("one", "two", "three"):
        scored(name, real="folder/test")
        record = {"data": {"held_out": "a" if name == "one" else "b"}}
        (tmp_path / name / "config.json").write_text(json.dumps(record))
    with pytest.raises(errors.UsageError, match="one and two have other held-"):
        training.compare_runs(runs=("one", "two"))
    reports = {run: compared._report(run) for run in ("two", "three")}
    compared._check_comparable(reports)
    for record in ({}, {"data": []}, {"data": {"held_out": None}}):
        (tmp_path / "two" / "config.json").write_text(json.dumps(record))
        compared._check_comparable(
            {run: compared._report(run) for run in ("one", "two")}
        )


def test_runs_that_were_scored_against_other_images_are_not_tested(
    scored, monkeypatch
):
    run = types.SimpleNamespace(
        config=TrainConfig(run_dir="one"), image_shape=(4, 4, 1), table=None
    )
    scorer = types.SimpleNamespace(
        source="digits/test", real=None, identifier="pixels"
    )
    for name in ("check_scored", "warn_of_scored"):
        monkeypatch.setattr(compared.run_data, name, lambda *_: None)
    monkeypatch.setattr(compared.from_config, "make_scorer", lambda *_: scorer)
    settings = CompareRunsConfig(runs=(scored("one"), scored("two")))
    report = compared._report("one")
    assert compared._scorer(settings, run, report) is scorer
    with pytest.raises(errors.UsageError, match=r"one .* against b\.npz, and"):
        compared._scorer(settings, run, report | {"real": "b.npz"})


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"runs": ("one",)}, "two runs or more"),
        ({"runs": ("one", "two", "one")}, "one is named twice"),
        ({"runs": ("one", "two", "./one/")}, "one is named twice"),
        ({"runs": "one"}, "runs=one: need a list"),
        ({"out": "page.html"}, r"--out=page\.html"),
        ({"level": 1.0}, "--level"),
        ({"num_samples": 3}, "--num_samples"),
    ],
)
def test_wrong_settings_are_named(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        CompareRunsConfig(**{"runs": ("one", "two")} | wrong)


def test_what_another_program_has_written_stays(scored, tmp_path):
    (tmp_path / "comparison.json").write_text("{}")
    with pytest.raises(errors.UsageError, match="no outcome of tf_mmdgan"):
        training.compare_runs(runs=(scored("one"), scored("two")))


def test_a_picture_of_others_stays(scored, tmp_path):
    (tmp_path / "comparison.png").write_bytes(b"\x89PNG of a holiday")
    with pytest.raises(errors.UsageError, match=r"would replace.*\.png"):
        training.compare_runs(runs=(scored("one"), scored("two")))


def test_runs_of_one_name_are_told_apart_without_their_place(tmp_path):
    runs = (str(tmp_path / "a" / "run"), str(tmp_path / "b" / "run"))
    assert compared._names(runs) == dict(
        zip(runs, ("a/run", "b/run"), strict=True)
    )
    runs = (str(tmp_path / "a"), str(tmp_path / "a" / "a"))
    assert list(compared._names(runs).values()) == ["a", "a/a"]


def test_all_runs_are_looked_at_before_the_work(scored, monkeypatch):
    def load(run_dir, *_):
        if run_dir == "two":
            raise errors.DataError("two has no whole checkpoint")
        return types.SimpleNamespace(step=3)

    monkeypatch.setattr(compared, "load_run", load)
    with pytest.raises(errors.DataError, match="two has no whole"):
        training.compare_runs(runs=(scored("one"), scored("two")))


def test_scores_of_another_step_than_the_images_are_told(scored, monkeypatch):
    run = types.SimpleNamespace(step=12, config=None)

    def refuse(*_):
        raise errors.DataError("enough")

    monkeypatch.setattr(compared, "load_run", lambda *_: run)
    monkeypatch.setattr(compared, "_scorer", refuse)
    with (
        pytest.warns(UserWarning, match=r"two: .* step 9, .* step 12"),
        pytest.raises(errors.DataError, match="enough"),
    ):
        training.compare_runs(runs=(scored("one", step=12), scored("two")))


@pytest.mark.parametrize(
    "other, words",
    [
        ({"num_fake": 200}, "num_fake is 500, 200.*FID grows as the number"),
        ({"settings": {"nearest_k": 3}}, "nearest_k is None, 3"),
    ],
)
def test_runs_that_were_not_scored_alike_are_told(scored, other, words):
    scored("one", num_fake=500)
    scored("two", **{"num_fake": 500} | other)
    reports = {run: compared._report(run) for run in ("one", "two")}
    with pytest.warns(UserWarning, match=f"^one, two were not.*{words}"):
        compared._warn_of_other_scoring(reports)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reports["two"] = reports["one"] | {"settings": {"seed": 1}}
        compared._warn_of_other_scoring(reports)


def test_the_page_says_what_was_not_scored_alike(found, tmp_path):
    near, far = found.runs
    assert found.differing_scoring == {}
    far = dataclasses.replace(far, report=far.report | {"num_fake": 20})
    both = dataclasses.replace(found, runs=[near, far])
    assert both.to_dict()["differing_scoring"] == {"num_fake": [None, 20]}
    both.write(tmp_path / "both.json")
    page = (tmp_path / "both.html").read_text()
    assert "Not scored alike" in page and "num_fake" in page


def test_curves_of_fid_tell_unequal_numbers_of_images():
    log = [{"step": 0, "kid": 5.0, "fid": 3.0}]
    runs = {
        name: evaluation.RunHistory(log, in_force={"evaluation_samples": n})
        for name, n in (("a", 500), ("b", 200))
    }
    titles = [chart.title for chart in compared_page.charts(runs)]
    assert "FID (of unequal numbers of images), over steps" in titles
    same = compared_page.charts({"a": runs["a"], "b": runs["a"]})
    titles = [chart.title for chart in same]
    assert {"FID, over steps", "FID, over time"} < set(titles)
    assert len(set(titles)) == len(titles)


@pytest.fixture
def found(scored, monkeypatch, rng):
    """A comparison of a run that draws as data are, and one that does not."""
    shifts = {scored("near"): 0.0, scored("far"): 2.0}

    def load(run_dir, *_):
        drawn = rng.integers(0, 255, (60, 4, 4, 1)).astype(np.uint8)
        model = types.SimpleNamespace(
            generate=lambda count, seed, weights: (
                drawn[:count] // (1 + seed) + np.uint8(shifts[run_dir])
            )
        )
        return types.SimpleNamespace(
            config=TrainConfig(run_dir=run_dir), step=9, model=model
        )

    scorer = types.SimpleNamespace(
        count=60,
        real_features=rng.normal(size=(60, 16)).astype(np.float32) + 1.7,
        features=lambda images: (
            images.reshape(len(images), -1) / np.float32(75)
        ),
    )
    monkeypatch.setattr(compared, "load_run", load)
    monkeypatch.setattr(compared, "_scorer", lambda *_: scorer)
    monkeypatch.setattr(
        compared.history,
        "of_run",
        lambda config: evaluation.RunHistory(
            [
                {"step": 0, "kid": 5.0, "kid_standard_error": 0.1},
                {"step": 9, "seconds_per_step": 20.0},
                {"step": 9, "kid": 1.0, "kid_standard_error": 0.1},
            ],
            in_force={"steps": 9, "kernel": config.run_dir},
            seconds=180.0,
        ),
    )
    return training.compare_runs(runs=("near", "far"), num_permutations=99)


def test_the_nearer_run_is_found(found):
    (test,) = found.tests
    assert (test["x"], test["y"], test["num_samples"]) == ("near", "far", 60)
    assert test["rejected"] and test["p_value"] == 0.01
    assert test["nearer"] == "near" and test["nearer_p_value"] < 0.01
    assert test["kid_difference"] < 0
    assert found.differing == {"kernel": ["near", "far"]}
    assert compared_page.verdict(test).startswith(
        "near and far are told apart (p = 0.01); nearer to the held-out images "
        "is near (p = "
    )


def test_json_page_and_picture_are_written(found, tmp_path):
    out = tmp_path / "both.json"
    found.write(out)
    told = json.loads(out.read_text())
    assert list(told["runs"]) == ["near", "far"]
    assert told["runs"]["far"]["seconds"] == 180.0
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    page = out.with_suffix(".html").read_text()
    assert page.count("<img") == 2 and page.count("<svg") == 2
    assert "near, p = " in page and "generator steps" in page
    # It replaces its own.
    outputs.check(out, pictures=[out.with_suffix(".png")])
    found.write(out)


def test_rows_are_compared_and_not_shown(found, tmp_path):
    sides = [
        dataclasses.replace(run, images=np.zeros((16, 3), np.float32))
        for run in found.runs
    ]
    dataclasses.replace(found, runs=sides).write(tmp_path / "rows.json")
    page = (tmp_path / "rows.html").read_text()
    assert "<h2>Tests</h2>" in page
    assert "<img" not in page and "Samples" not in page


def test_runs_without_a_log_have_no_picture(found, tmp_path):
    sides = [
        dataclasses.replace(
            run, history=evaluation.RunHistory([], in_force={"x": math.nan})
        )
        for run in found.runs
    ]
    out = tmp_path / "bare.json"
    dataclasses.replace(found, runs=sides).write(out)
    assert json.loads(out.read_text())["differing_settings"] == {
        "x": [None, None]
    }
    assert not out.with_suffix(".png").exists()


def test_curves_are_over_steps_and_over_time():
    log = [
        {"step": 0, "kid": 5.0, "kid_standard_error": 0.1},
        {"step": 10, "seconds_per_step": 30.0},
        {"step": 10, "kid": 1.0, "kid_standard_error": 0.1},
    ]
    timed = evaluation.RunHistory(log)
    other = evaluation.RunHistory([*log, {"step": 20, "kid": 1.0}])
    by_step, by_time, *_ = compared_page.charts({"a": timed, "b": other})
    np.testing.assert_array_equal(by_step.lines[0].x, [0, 10])
    np.testing.assert_array_equal(by_time.lines[0].x, [0, 5])
    np.testing.assert_array_equal(by_time.lines[0].y, [5, 1])

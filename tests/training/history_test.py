"""What a run's folder says of how it came about."""

import json

import pytest

from tf_mmdgan import config, evaluation
from tf_mmdgan.config import fields
from tf_mmdgan.training import callbacks, history

SCORES = {"kid_exact": {"kid": 0.5}}


def write(folder, given, **others):
    given = config.TrainConfig(run_dir=str(folder), **given)
    record = {"config": fields.record(given), **others}
    (folder / "config.json").write_text(json.dumps(record))
    return given


def test_settings_that_differ_have_their_defaults_beside_them(tmp_path):
    given = write(
        tmp_path,
        {"steps": 7, "kernel": "rbf", "data_dir": "/home/me/pictures"},
        in_force={"beta_1": 0.5, "run_dir": "x", "cache_dir": "/home/me"},
        data={"classes": ["cat", "dog"]},
    )
    (tmp_path / "metrics.jsonl").write_text('{"step": 3, "kid": 1.0}\n')
    found = history.of_run(given)
    assert found.changed == {
        "steps": [7, 150_000], "kernel": ["rbf", None],
        "data_dir": ["pictures", None],
    }  # fmt: skip
    assert found.in_force == {"beta_1": 0.5}
    assert found.class_names == ["cat", "dog"]
    assert found.log == [{"step": 3, "kid": 1.0}]


def test_seconds_are_those_of_the_whole_log(tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "_MOST_NUMBERS", 100)
    given = config.TrainConfig(run_dir=str(tmp_path))
    lines = [{"step": 2 * n, "seconds_per_step": 1.0} for n in range(400)]
    text = "\n".join(map(json.dumps, lines))
    (tmp_path / "metrics.jsonl").write_text(text)
    with pytest.warns(UserWarning, match="one in 8 is shown"):
        found = history.of_run(given)
    assert found.seconds == 798.0 and len(found.log) < 60


def test_settings_are_held_against_the_nearest_recipe(tmp_path):
    given = config.given(
        config.TrainConfig,
        None,
        {"recipe": "digits_drift", "run_dir": str(tmp_path), "steps": 7},
    )
    (tmp_path / "config.json").write_text(
        json.dumps({"config": fields.record(given)})
    )
    usual = config.given(
        config.TrainConfig, None, {"recipe": "digits_drift", "run_dir": "x"}
    )
    found = history.of_run(given)
    assert found.recipe == "digits_drift"
    assert found.changed == {"steps": [7, usual.steps]}


@pytest.mark.parametrize("record", ["[]", "{", '{"config": 3, "data": [1]}'])
def test_a_damaged_record_has_no_history(tmp_path, record):
    (tmp_path / "config.json").write_text(record)
    found = history.of_run(config.TrainConfig(run_dir=str(tmp_path)))
    assert found == evaluation.RunHistory([])


def report(**others):
    return evaluation.Report(
        scores=SCORES, num_real=5, num_fake=5, extractor="pixels",
        real="digits/test", fake="run", seconds=1.0, **others,
    )  # fmt: skip


def test_scores_of_training_images_stay_where_all_else_is_equal():
    before = report(baseline=SCORES).to_dict()
    assert history.kept_baseline(report(), before) == SCORES
    other = report(settings={"max_block_size": 7})
    assert history.kept_baseline(other, before) is None
    assert history.kept_baseline(report(), {}) is None
    damaged = before | {"baseline": {"kid_exact": {"kid": "<b>"}}}
    assert history.kept_baseline(report(), damaged) is None


@pytest.mark.parametrize("found", ["<b>", {"where_equal": {"jit": [1]}}, [1]])
def test_where_bits_are_the_same_is_believed_in_its_form_alone(found):
    told = {"bitwise": True, "where_equal": {"device": "CPU", "replicas": 1}}
    assert history.kept_reproducible({"reproducible": told}) == told
    assert history.kept_reproducible({"reproducible": found}) is None

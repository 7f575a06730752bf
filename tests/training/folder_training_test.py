"""A folder of pictures is all that a run needs."""

import dataclasses
import json

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import config, data, errors, evaluation
from tf_mmdgan.data.readers import decode, folder_scan
from tf_mmdgan.features import imagenet
from tf_mmdgan.training import finished, run, run_directory


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for number in range(160):
        pixels = rng.integers(0, 256, (18, 20, 3), dtype=np.uint8)
        path = root / ("ab"[number % 2]) / f"{number:03}.png"
        path.parent.mkdir(exist_ok=True)
        PIL.Image.fromarray(pixels).save(path)
    return root


@pytest.fixture
def settings(tmp_path, pictures):
    def settings(**changes):
        values = {
            "run_dir": str(tmp_path / "run"),
            "dataset": "folder",
            "data_dir": str(pictures),
            "cache_dir": str(tmp_path / "cache"),
            "image_size": 16,
            "generator_width": 4,
            "critic_width": 4,
            "critic_steps": 1,
            "features": "thumbnails",
            "evaluation_samples": 20,
            "strategy": "one_device",
            "steps": 2,
            "log_every": 1,
        }
        return config.TrainConfig(**values | changes)

    return settings


@pytest.mark.slow
def test_trains_scores_and_exports_without_more_flags(tmp_path, settings):
    chosen = settings(augment="flip,crop,dequantize")
    result = run.prepare(chosen).train().result
    assert result["steps"] == 2
    assert np.isfinite([result["kid_before"], result["kid"]]).all()
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["real"] == "folder/test"
    assert report["extractor"] == "thumbnails-16"
    _, shape, condition = run_directory.read_config(tmp_path / "run")
    assert (shape, condition.num_classes) == ((16, 16, 3), 2)
    log = (tmp_path / "run" / "metrics.jsonl").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    waits = [line["input_wait"] for line in lines if "input_wait" in line]
    assert len(waits) == 2
    assert all(0.0 <= wait <= 1.0 for wait in waits)


def test_where_pixels_are_kept_does_not_matter_to_a_run(tmp_path, settings):
    run_directory.claim(tmp_path / "run")
    run_directory.write_config(settings(), {}, (16, 16, 3))
    elsewhere = {"cache_dir": "there", "memory_budget_gb": 0.0}
    run_directory.check(settings(**elsewhere, download=True))
    for other in ({"augment": "flip"}, {"resize": "area"}):
        name = next(iter(other))
        with pytest.raises(errors.UsageError, match=f"{name} is"):
            run_directory.check(settings(**other))


def test_too_few_pictures_to_score_with_are_told_at_once(tmp_path, settings):
    few = tmp_path / "few"
    few.mkdir()
    for number in range(30):
        PIL.Image.new("L", (16, 16)).save(few / f"{number}.png")
    with pytest.raises(errors.DataError, match="images are too few"):
        run.prepare(settings(data_dir=str(few), batch_size=16))
    assert not (tmp_path / "run").exists()


def test_unknown_augmentation_is_told_before_anything_is_written(
    tmp_path, settings
):
    with pytest.raises(errors.UsageError, match="augmentation 'rotate'"):
        run.prepare(settings(augment="rotate"))
    assert not (tmp_path / "run").exists()


def test_class_without_a_training_picture_is_told_before_decoding(
    tmp_path, settings, monkeypatch
):
    few = tmp_path / "few"
    held_out = next(
        i for i in range(99) if folder_scan.is_held_out(f"apes/{i}.png")
    )
    for name in (f"apes/{held_out}", *(f"cats/{i}" for i in range(60))):
        (few / name).parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("L", (16, 16)).save(few / f"{name}.png")
    chosen = settings(data_dir=str(few), batch_size=16, cache="off")
    monkeypatch.setattr(decode, "decode", None)
    with pytest.raises(errors.DataError, match="image of the class apes"):
        run.prepare(dataclasses.replace(chosen, conditioning="projection"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"batch_size": 500}, errors.UsageError, "batch_size=500"),
        ({"kernel": "rbff"}, errors.UsageError, "rbff"),
        ({"architecture": "dcgam"}, errors.UsageError, "dcgam"),
        ({"image_size": 12}, errors.UsageError, "12"),
        ({"features": "thumbnail"}, errors.UsageError, "thumbnail"),
        ({"features": "lenet_digits"}, errors.UsageError, "1 channel"),
        ({"max_block_size": 1}, errors.UsageError, "max_block_size=1"),
        ({"evaluation_samples": 1}, errors.DataError, "1 images are too few"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_settings_are_refused_before_pictures_are_decoded(
    settings, monkeypatch, wrong, error, words
):
    monkeypatch.setattr(decode, "decode", None)
    with pytest.raises(error, match=words):
        run.prepare(settings(**{"batch_size": 16, "cache": "off", **wrong}))


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"kernel": "rbff"}, "rbff"),
        ({"architecture": "dcgam"}, "dcgam"),
        ({"conditioning": "projection", "objective": "imm"}, "no labels"),
        ({"classes_per_batch": 2}, "compares no class with its own"),
        ({"objective": "gfmn"}, "--matched_features is missing"),
    ],
)
def test_names_are_refused_before_arrays_are_read(
    tmp_path, monkeypatch, wrong, words
):
    monkeypatch.setattr(data, "load", None)
    chosen = config.TrainConfig(
        run_dir=str(tmp_path / "run"), dataset="npz", features="pixels",
        data_dir=str(tmp_path / "a.npz"), strategy="one_device",
        **{"objective": "gmmn", **wrong},
    )  # fmt: skip
    with pytest.raises(errors.UsageError, match=words):
        run.prepare(chosen)


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"batch_size": 500}, errors.UsageError, "batch_size=500"),
        ({"image_size": 12}, errors.UsageError, "12"),
        ({"features": "lenet_digits"}, errors.UsageError, "1 channel"),
        ({"max_block_size": 1}, errors.UsageError, "max_block_size=1"),
        ({"evaluation_samples": 1}, errors.DataError, "1 images are too few"),
        ({"conditioning": "projection"}, errors.DataError, "of the class 1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_sizes_are_refused_before_arrays_are_read(
    tmp_path, monkeypatch, wrong, error, words
):
    path = tmp_path / "a.npz"
    labels = 2 * (np.arange(200) % 2)  # none is 1
    images = np.zeros((200, 20, 20, 3), np.uint8)
    np.savez(path, images=images, labels=labels)
    monkeypatch.setattr(data, "load", None)
    settings = {
        "dataset": "npz", "data_dir": str(path), "features": "pixels",
        "batch_size": 16, "strategy": "one_device", "generator_width": 2,
        "critic_width": 2,
    }  # fmt: skip
    with pytest.raises(error, match=words):
        run.prepare(
            config.TrainConfig(
                run_dir=str(tmp_path / "run"), **{**settings, **wrong}
            )
        )


@pytest.mark.slow
def test_the_fallback_keeps_no_best_checkpoint(tmp_path, settings, monkeypatch):
    monkeypatch.setattr(imagenet, "weights_file", lambda: None)
    with pytest.warns(UserWarning, match="and choose no best checkpoint"):
        run.prepare(settings(features=None, steps=1)).train()
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["extractor"] == "thumbnails-16"
    assert not list((tmp_path / "run").glob("best/*.index"))
    with pytest.raises(errors.DataError, match="imagenet is not installed"):
        finished.load_run(tmp_path / "run", "best")


def test_scores_of_pictures_are_of_two_thousand_samples(settings):
    scorer = evaluation.scorer_of_run(settings(evaluation_samples=None))
    assert scorer.count == 2_000


@pytest.mark.slow
def test_pictures_are_scored_by_a_network_of_imagenet(tmp_path, settings):
    chosen = settings(features=None, steps=1)
    run.prepare(chosen).train()
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["extractor"].startswith("imagenet-579344248a93")
    assert report["num_fake"] == 20
    assert list((tmp_path / "run").glob("best/*.index"))

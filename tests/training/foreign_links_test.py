import json
import pathlib
import shutil
import socket

import numpy as np
import pytest
import received

from tf_mmdgan import errors, export, files, training


@pytest.mark.parametrize(
    "name", ["checkpoints", "samples", "best", "evaluated", "export"]
)
def test_links_in_a_run_lead_to_no_folder_of_the_user(run_dir, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if (run_dir / name).exists():
        shutil.rmtree(run_dir / name)
    (run_dir / name).symlink_to(elsewhere)
    with pytest.raises(errors.UsageError, match=f"{name} is a link"):
        received.go_on(run_dir)
    assert not list(elsewhere.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", [".lock", "metrics.jsonl"])
def test_links_in_a_run_lead_to_no_file_of_the_user(run_dir, tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("good")
    (run_dir / name).unlink()
    (run_dir / name).symlink_to(precious)
    try:
        received.go_on(run_dir)
    except errors.DataError as error:
        assert "will not be written to" in str(error)
    assert precious.read_text() == "good"


@pytest.mark.parametrize(
    "name", ["checkpoints", "checkpoints/step-1.index", "evaluated/a.npz"]
)
def test_weights_of_others_are_not_drawn_from_by_a_link(
    run_dir, tmp_path, name
):
    path, elsewhere = run_dir / name, tmp_path / "elsewhere"
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(errors.DataError, match=f"{name} is a link.*--trust_r"):
        training.load_run(run_dir)
    assert training.load_run(run_dir, trust_run=True).step == 1
    (tmp_path / "other_name").symlink_to(run_dir)
    path.unlink()
    if elsewhere.exists():
        elsewhere.rename(path)
    assert training.load_run(tmp_path / "other_name").step == 1


def test_no_link_of_a_run_is_exported(run_dir, tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"step": 1, "key": "very secret"}))
    (run_dir / "report.json").unlink()
    (run_dir / "report.json").symlink_to(secret)
    path = training.load_run(run_dir).export(tmp_path / "exported")
    for file in path.rglob("*"):
        assert not file.is_file() or b"very secret" not in file.read_bytes()
    (run_dir / "export").symlink_to(tmp_path / "exported")
    with pytest.raises(errors.UsageError, match="export is a link"):
        training.load_run(run_dir).export()
    assert len(list((tmp_path / "exported").iterdir())) == 1


def test_what_is_published_names_no_folder_of_this_machine(run_dir, tmp_path):
    training.evaluate(run_dir=str(run_dir))
    path = training.load_run(run_dir).export(tmp_path / "exported")
    report = run_dir / "report.json"
    published = [report, report.with_suffix(".html"), *path.rglob("*")]
    published += run_dir.glob("events*")
    hidden = [str(tmp_path), socket.getfqdn(), str(pathlib.Path.home())]
    for file in filter(lambda file: file.is_file(), published):
        assert not any(name in file.name for name in hidden), file
        for name in hidden:
            assert name.encode() not in file.read_bytes(), (file, name)
    described = files.read_json(path / export.METADATA)
    assert described["config"]["run_dir"] == "run"


def test_standing_statistics_are_in_the_export_and_not_in_the_run(
    run_dir, tmp_path
):
    found = training.load_run(run_dir)
    before = found.model.ema_generator.get_weights()
    latents = found.model.latents.sample((0, 0), 3)
    drawn = []
    for batches in (None, 2):
        path = found.export(tmp_path / "out", standing_batches=batches)
        loaded = export.load_generator(path)
        assert loaded.metadata["standing_batches"] == (batches or 0)
        served = loaded.signatures["serving_default"](latents=latents)
        drawn.append(served["images"].numpy())
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-4
    for old, new in zip(
        before, found.model.ema_generator.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(old, new)

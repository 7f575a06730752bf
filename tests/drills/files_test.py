"""Damaged, missing and unwritable files, a clock that runs backwards, NaN."""

import pathlib
import shutil
import subprocess

import drill_runs as runs
import numpy as np
import pytest
import tensorflow as tf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    runs.finish(run_dir, "--steps=8")
    return run_dir


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    """A run of four steps of eight."""
    run_dir = tmp_path_factory.mktemp("half") / "run"
    runs.finish(run_dir, "--steps=4")
    return run_dir


@pytest.mark.parametrize("how", ["truncated", "empty", "flipped"])
def test_damaged_checkpoint_costs_the_steps_since_the_one_before(
    whole, half, tmp_path, how
):
    run_dir = shutil.copytree(half, tmp_path / "run")
    part = "index" if how == "empty" else "data-00000-of-00001"
    path = run_dir / "checkpoints" / f"step-4.{part}"
    content = bytearray(path.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    path.write_bytes({"truncated": content[:999], "empty": b""}.get(how, content))  # fmt: skip  # noqa: E501
    done = runs.train(run_dir, "--steps=8")
    assert done.returncode == 0, done.stderr
    assert "step-4 is damaged" in done.stderr
    runs.assert_same_bits(run_dir, whole)


def test_clock_that_runs_backwards(whole, half, tmp_path):
    run_dir = shutil.copytree(half, tmp_path / "run")
    folder = pathlib.Path(__file__).parent / "backwards"
    runs.finish(run_dir, "--steps=8", PYTHONPATH=str(folder))
    runs.assert_same_bits(run_dir, whole)
    # What is older by its steps goes, whatever the clock says.
    kept = {path.stem for path in (run_dir / "checkpoints").glob("*.index")}
    assert kept == {"step-6", "step-8"}


def test_nan_stops_the_run_before_anything_of_it_is_saved(tmp_path):
    run_dir = tmp_path / "run"
    flags = ("--steps=8", "--learning_rate=1e30", "--checkpoint_every=1")
    done = runs.train(run_dir, *flags)
    assert done.returncode == 1 and "not finite" in done.stderr
    assert done.stderr.count("error:") == 1
    assert not list((run_dir / "checkpoints").glob("*.index"))


def test_data_file_that_disappears(tmp_path):
    rng = np.random.default_rng(0)
    data = tmp_path / "images.npz"
    pixels = rng.integers(0, 256, (200, 16, 16, 1), dtype=np.uint8)
    np.savez(data, images=pixels)
    flags = ("--dataset=npz", f"--data_dir={data}", "--steps=20")
    run_dir = tmp_path / "run"
    with runs.start(run_dir, *flags) as process:
        runs.wait_for(runs.checkpoint(run_dir, 2), process)
        aside = data.rename(tmp_path / "aside.npz")
    # It had been read.
    assert process.returncode == 0
    saved = runs.weights(run_dir)
    longer = (*flags[:2], "--steps=22")
    done = runs.train(run_dir, *longer)
    assert done.returncode == 1 and str(data) in done.stderr
    assert done.stderr.count("\n") == 1
    assert runs.weights(run_dir).keys() == saved.keys()
    aside.rename(data)
    assert runs.finish(run_dir, *longer)["steps"] == 22


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a file system of some size at a folder; returns its path."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        remount = folder.is_mount()
        options = f"remount,{options}" if remount else options
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.skip(f"no right to mount: {done.stderr.strip()}")
        return folder

    yield mount
    if folder.is_mount():
        subprocess.run(["umount", folder], check=True)


def test_full_disk_spares_the_checkpoint_before(whole, half, small_disk):
    disk = small_disk("size=64m")
    run_dir = shutil.copytree(half, disk / "run")
    used = sum(p.stat().st_size for p in disk.rglob("*") if p.is_file())
    # Room for the logs, not for another checkpoint.
    small_disk(f"size={(used + 150_000) // 1024}k")
    done = runs.train(run_dir, "--steps=8")
    assert done.returncode == 1 and done.stderr.count("error:") == 1
    assert tf.train.load_checkpoint(str(run_dir / "checkpoints" / "step-4"))
    small_disk("size=64m")
    runs.finish(run_dir, "--steps=8")
    runs.assert_same_bits(run_dir, whole)


def test_read_only_run_directory_is_refused_at_once(half, small_disk):
    disk = small_disk("size=64m")
    run_dir = shutil.copytree(half, disk / "run")
    small_disk("ro")
    done = runs.train(run_dir, "--steps=8")
    assert done.returncode == 1 and "Read-only file system" in done.stderr
    assert done.stderr.count("\n") == 1
    runs.assert_same_bits(run_dir, half)

"""Runs that are killed, or told to end, lose nothing but time."""

import random
import signal
import time

import drill_runs as runs
import pytest

KILLS = 10
STEPS = "--steps=40"
# Killed after a checkpoint of these steps; there is time left for the signal.
FIRST, LAST, EVERY = 0, 30, 2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nobody disturbs, and its seconds from checkpoint to next."""
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    with runs.start(run_dir, STEPS) as process:
        wait_for_step(run_dir, 4, process)
        begin = time.monotonic()
        wait_for_step(run_dir, 24, process)
        seconds = (time.monotonic() - begin) / 10
    assert process.returncode == 0
    return run_dir, seconds


def wait_for_step(run_dir, step, process):
    """Waits for a checkpoint of that step or of a later one."""
    runs.wait_for(
        run_dir / "checkpoints",
        process,
        until=lambda folder: any(
            int(path.stem.removeprefix("step-")) >= step
            for path in folder.glob("step-*.index")
        ),
    )


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_any_instant_it_ends_with_the_same_bits(
    whole, tmp_path, number
):
    undisturbed, seconds = whole
    rng = random.Random(number)
    step = rng.randrange(FIRST, LAST + 1, EVERY)
    with runs.start(tmp_path / "run", STEPS) as process:
        runs.wait_for(tmp_path / "run" / "config.json", process)
        if step:
            wait_for_step(tmp_path / "run", step, process)
        # At any moment of a step, and of the checkpoint after it.
        time.sleep(rng.uniform(0.0, seconds))
        process.kill()
    assert process.returncode == -signal.SIGKILL
    runs.finish(tmp_path / "run", STEPS)
    runs.assert_same_bits(tmp_path / "run", undisturbed)


def test_sigterm_saves_exits_with_143_and_goes_on(whole, tmp_path):
    run_dir = tmp_path / "run"
    flags = (STEPS, "--checkpoint_every=0")
    with runs.start(run_dir, *flags) as process:
        # From the first step on it is heard.
        runs.wait_for(
            run_dir / "metrics.jsonl",
            process,
            until=lambda log: log.exists() and '"step": 4' in log.read_text(),
        )
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 143
    assert len(list((run_dir / "checkpoints").glob("step-*.index"))) == 1
    runs.finish(run_dir, *flags)
    runs.assert_same_bits(run_dir, whole[0])


def test_second_process_in_a_run_directory_is_refused(whole, tmp_path):
    with runs.start(tmp_path / "run", STEPS) as process:
        runs.wait_for(tmp_path / "run" / "config.json", process)
        second = runs.train(tmp_path / "run", STEPS)
        assert process.poll() is None
    assert second.returncode == 2 and "another process" in second.stderr
    assert process.returncode == 0
    runs.assert_same_bits(tmp_path / "run", whole[0])

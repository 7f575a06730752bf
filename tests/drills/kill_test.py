"""Runs that are killed, or told to end, lose nothing but time."""

import random
import signal
import time

import pytest
import runs

KILLS = 20
STEPS = "--steps=40"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nobody disturbs, and the seconds from step 2 to its end."""
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    with runs.start(run_dir, STEPS) as process:
        runs.wait_for(runs.checkpoint(run_dir, 2), process)
        begin = time.monotonic()
    assert process.returncode == 0
    return run_dir, time.monotonic() - begin


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_any_instant_it_ends_with_the_same_bits(
    whole, tmp_path, number
):
    undisturbed, seconds = whole
    instant = random.Random(number).uniform(0.0, 0.8 * seconds)
    with runs.start(tmp_path / "run", STEPS) as process:
        runs.wait_for(tmp_path / "run" / "config.json", process)
        # Every fifth is killed before there is a checkpoint.
        if number % 5:
            runs.wait_for(runs.checkpoint(tmp_path / "run", 2), process)
        time.sleep(instant)
        process.kill()
    runs.finish(tmp_path / "run", STEPS)
    runs.assert_same_bits(tmp_path / "run", undisturbed)


def test_sigterm_saves_exits_with_143_and_goes_on(whole, tmp_path):
    run_dir = tmp_path / "run"
    flags = (STEPS, "--checkpoint_every=0")
    with runs.start(run_dir, *flags) as process:
        runs.wait_for(run_dir / "metrics.jsonl", process)
        # Not before the first step, from whose beginning on it is heard.
        time.sleep(whole[1] / 4)
        process.send_signal(signal.SIGTERM)
    assert process.returncode in (143, -signal.SIGTERM)
    if process.returncode == 143:
        assert list((run_dir / "checkpoints").glob("step-*.index"))
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

"""What is refused before a run, and how flags follow a flagfile."""

import pathlib
import shutil

import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.tools import flag_config
from tf_mmdgan.training import callbacks, run, run_directory

RECIPES = sorted((pathlib.Path(__file__).parents[2] / "flags").glob("*.cfg"))


def settings(**kwargs):
    # Of two logical CPUs "auto" would make more than one strategy a process.
    defaults = {"run_dir": "run", "strategy": "one_device"}
    return config.TrainConfig(**{**defaults, **kwargs})


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"dataset": "digit"}, errors.UsageError, "Did you mean 'digits'"),
        ({"image_size": 8}, errors.UsageError, "16 to 160 pixels"),
        ({"batch_size": 2000}, errors.UsageError, "batch_size=2000"),
        ({"features": "lenett"}, errors.UsageError, "known: pixels"),
        ({"features": "none.npz"}, errors.DataError, r"none\.npz"),
        (
            {"dataset": "synthetic", "features": "lenet_digits"},
            errors.UsageError,
            "images of 1 channel",
        ),
        ({"max_block_size": 1}, errors.UsageError, "max_block_size=1"),
        ({"evaluation_samples": 1}, errors.DataError, "1 samples"),
        (
            {"dataset": "fashion_mnist", "data_dir": "flags"},
            errors.DataError,
            "--data_dir",
        ),
    ],
    ids=str,
)
def test_nothing_is_written_for_what_cannot_start(
    tmp_path, wrong, error, words
):
    toy = {"generator_width": 4, "critic_width": 4, "steps": 20, **wrong}
    run_dir = tmp_path / "run"
    with pytest.raises(error, match=words):
        run.prepare(settings(**toy, run_dir=str(run_dir)))
    assert not run_dir.exists()


def test_later_flags_win_over_the_flagfile():
    recipe = flag_config.parse(
        config.TrainConfig,
        [f"--flagfile={RECIPES[0]}", "--run_dir=run", "--batch_size=7"],
    )
    assert recipe.batch_size == 7


@pytest.mark.slow
def test_rates_that_follow_kid_go_on_where_they_were(tmp_path):
    def rates(folder, steps):
        run.prepare(
            settings(
                run_dir=str(tmp_path / folder), steps=steps,
                generator_width=2, critic_width=2, batch_size=8,
                critic_steps=1, evaluate_every=0, evaluation_samples=20,
                max_block_size=500, schedule_every=1, schedule_history=2,
                schedule_patience=2, schedule_threshold=1e-12,
                schedule_samples=50, export=False,
            )
        ).train()  # fmt: skip
        log = callbacks.read_log(tmp_path / folder / run_directory.METRICS_FILE)
        return [
            (line["step"], line["learning_rate"], line.get("three_sample_p"))
            for line in log
            if "learning_rate" in line
        ]

    straight = rates("straight", 6)
    # Stored at 0 and 1; nothing is closer by that threshold at 2 and 3, where
    # the rates fall and both sets stay; and so on.
    halvings = [0, 0, 0, 1, 1, 2, 2]
    expected = pytest.approx([1e-4 * 0.5**h for h in halvings])
    assert [rate for _, rate, _ in straight] == expected
    assert [p is None for *_, p in straight] == [True] * 2 + [False] * 5
    rates("first", 3)
    shutil.copytree(tmp_path / "first", tmp_path / "continued")
    assert rates("continued", 6) == straight


@pytest.mark.slow
def test_a_run_goes_on_in_the_process_that_began_it(tmp_path):
    toy = {
        "run_dir": str(tmp_path / "run"), "generator_width": 2,
        "critic_width": 2, "batch_size": 8, "critic_steps": 1,
        "evaluate_every": 0, "evaluation_samples": 20, "max_block_size": 500,
        "export": False,
    }  # fmt: skip
    assert run.train(settings(**toy, steps=2)).step == 2
    assert run.train(settings(**toy, steps=3)).step == 3
    assert run.resume(tmp_path / "run", steps=4).step == 4


def test_steps_beyond_the_end_of_the_rates_are_told_of(recwarn):
    falls = {"steps": 60, "learning_rate_schedule": "linear"}
    for good in (
        falls,
        {**falls, "learning_rate_decay_to": 60},
        {**falls, "learning_rate_schedule": "constant"},
    ):
        run._warn_of_rates_at_rest(settings(**good))
    assert not recwarn.list
    with pytest.warns(match="0 from step 50 on.*learning_rate_decay_to=60"):
        run._warn_of_rates_at_rest(settings(**falls, learning_rate_decay_to=50))

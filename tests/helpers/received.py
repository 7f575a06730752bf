"""Runs of a step, as somebody else would hand them over."""

from tf_mmdgan import config
from tf_mmdgan.training import run

TOY = {
    "generator_width": 2, "critic_width": 2, "batch_size": 8, "steps": 1,
    "critic_steps": 1, "evaluate_every": 0, "evaluation_samples": 100,
    "strategy": "one_device", "export": False,
}  # fmt: skip


def go_on(run_dir, steps=2):
    """Begins a run, or goes on with it."""
    settings = {**TOY, "steps": steps}
    run.prepare(config.TrainConfig(run_dir=str(run_dir), **settings)).train()

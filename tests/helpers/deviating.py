"""Runs that are not as the paper says, but as its code does it."""

from tf_mmdgan import config, methods


def configure(deviations="none", **kwargs):
    """A small run with the deviations of a published code."""
    return config.TrainConfig(
        run_dir="run", as_published=deviations,
        **{"generator_width": 2, "critic_width": 2, **kwargs},
    )  # fmt: skip


def settings(deviations="none", **kwargs):
    return methods.settings_of(configure(deviations, **kwargs))


def make_model(deviations, shape=(16, 16, 1), condition=None, **kwargs):
    return methods.make_model(configure(deviations, **kwargs), shape, condition)

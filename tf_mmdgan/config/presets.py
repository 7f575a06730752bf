"""Names that stand for several settings of a training run."""

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # A first look in minutes to an hour on a CPU, of any recipe: networks of a
    # sixteenth of the multiplications, steps that end.
    "small": {
        "generator_width": 16,
        "critic_width": 16,
        "steps": 3000,
        # Rates that fall reach 0 at the end, from the first step on.
        "learning_rate_decay_from": 0,
        "learning_rate_decay_to": 0,
        "sample_every": 250,
        "evaluate_every": 500,
        "checkpoint_every": 250,
    },
}

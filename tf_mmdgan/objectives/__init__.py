"""Objectives: what critic and generator minimise."""

from tf_mmdgan.objectives.mmd_gan import MMDGAN
from tf_mmdgan.objectives.protocol import (
    Batch,
    Critic,
    CriticOutput,
    Loss,
    Objective,
)

OBJECTIVES = {
    "mmd": MMDGAN,
}

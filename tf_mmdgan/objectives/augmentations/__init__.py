"""Random changes of what a critic sees, against its learning by heart."""

from tf_mmdgan.objectives.augmentations.adaptive import AdaptiveProbability
from tf_mmdgan.objectives.augmentations.augmentation import (
    CriticAugmentation,
)
from tf_mmdgan.objectives.augmentations.catalogue import (
    ADAPTED,
    CRITIC_AUGMENTATION_FAMILY,
    CRITIC_AUGMENTATIONS,
)
from tf_mmdgan.objectives.augmentations.change import GatedChange, ImageChange

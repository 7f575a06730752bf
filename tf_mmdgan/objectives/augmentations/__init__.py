"""Random changes of what a critic sees, against its learning by heart."""

from tf_mmdgan.objectives.augmentations.augmentation import (
    CriticAugmentation,
)
from tf_mmdgan.objectives.augmentations.catalogue import (
    CRITIC_AUGMENTATION_FAMILY,
    CRITIC_AUGMENTATIONS,
)
from tf_mmdgan.objectives.augmentations.change import GatedChange, ImageChange

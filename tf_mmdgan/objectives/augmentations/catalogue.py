"""Random changes of all that a critic sees, by name.

To add one, write a function of images and uniform numbers, and list it here as
a `GatedChange`; or derive a frozen dataclass from `ImageChange`.

    >>> tm.CRITIC_AUGMENTATIONS["cutout"].needs_chance
    False
"""

from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.objectives.augmentations import colors, places
from tf_mmdgan.objectives.augmentations.change import (
    GatedChange,
    ImageChange,
)
from tf_mmdgan.objectives.augmentations.warp import Warp

# In the order of application.
CRITIC_AUGMENTATIONS: Catalogue[ImageChange] = Catalogue(
    "critic augmentation", __doc__
) | {
    # Karras et al. 2020.
    "flip": GatedChange(places.flip, 1, needs_chance=True),
    "turn": GatedChange(places.turn, 1, needs_chance=True),
    "shift": GatedChange(places.shift, 2),
    "warp": Warp(),
    "brightness": GatedChange(colors.brightness, 1),
    "contrast": GatedChange(colors.contrast, 1),
    "luma_flip": GatedChange(colors.luma_flip, 1, needs_chance=True),
    "hue": GatedChange(colors.hue, 1, needs_chance=True),
    "saturation": GatedChange(colors.saturation, 1),
    # Zhao et al. 2020.
    "color": GatedChange(colors.color, 3),
    "translation": GatedChange(places.translation, 2),
    "cutout": GatedChange(places.cutout, 2),
}

# Those whose probability Karras et al. adapt; "bgc" in their code.
ADAPTED = (
    "flip", "turn", "shift", "warp", "brightness", "contrast", "luma_flip",
    "hue", "saturation",
)  # fmt: skip

CRITIC_AUGMENTATION_FAMILY: Family[ImageChange] = Family(
    "critic augmentation",
    CRITIC_AUGMENTATIONS,
    ImageChange,
)

"""Data sets by name, and the endless batches that training draws from them."""

from tf_mmdgan.data.augment import AUGMENTATIONS, Augmentation
from tf_mmdgan.data.catalogue import (
    DATASET_FAMILY,
    DATASETS,
    SPLITS,
    DatasetEntry,
    load,
    source_of,
)
from tf_mmdgan.data.image_set import ImageSet
from tf_mmdgan.data.pipeline import batches, check_batch_size

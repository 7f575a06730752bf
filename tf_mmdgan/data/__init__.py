"""Data sets by name, and the endless batches that training draws from them."""

from tf_mmdgan.data.augment import AUGMENTATIONS, Augmentation
from tf_mmdgan.data.catalogue import (
    DATASET_FAMILY,
    DATASETS,
    SPLITS,
    listing,
    load,
    preview,
    source_of,
)
from tf_mmdgan.data.entry import DatasetEntry
from tf_mmdgan.data.image_set import (
    ImageSet,
    Preview,
    check_classes,
    digest,
)
from tf_mmdgan.data.pipeline import (
    batches,
    check_batch_size,
    grouped_batches,
)
from tf_mmdgan.data.table import Table

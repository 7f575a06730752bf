"""Features of images: trained networks and simple statistics by name."""

from tf_mmdgan.features.cache import cached, read_features, write_features
from tf_mmdgan.features.catalogue import (
    EXTRACTORS,
    Source,
    fetch_weights,
    get_extractor,
    get_groups,
    get_matched,
    remedy,
)
from tf_mmdgan.features.extractors import (
    Extracted,
    FeatureExtractor,
    Images,
    extract,
    in_batches,
)
from tf_mmdgan.features.frozen import FrozenFeatures, pixels
from tf_mmdgan.features.groups import FeatureGroups
from tf_mmdgan.features.keras_networks import KerasNetwork
from tf_mmdgan.features.own_networks import LENETS

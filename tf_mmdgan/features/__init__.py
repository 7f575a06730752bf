"""Features of images: trained networks and simple statistics by name."""

from tf_mmdgan.features.cache import cached
from tf_mmdgan.features.extractors import (
    EXTRACTORS,
    LENETS,
    FeatureExtractor,
    extract,
    get_extractor,
)
from tf_mmdgan.features.frozen import FrozenFeatures
from tf_mmdgan.features.network import Extracted

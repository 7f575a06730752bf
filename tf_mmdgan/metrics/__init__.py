"""Scores of generated images, functions of features; METRICS names them."""

from tf_mmdgan.metrics.catalogue import (
    METRIC_FAMILY,
    METRICS,
    score,
    score_alone,
    score_available,
)
from tf_mmdgan.metrics.checks import block_bounds, shuffled_order
from tf_mmdgan.metrics.chosen import by_name, check_available, choose
from tf_mmdgan.metrics.conditions import Counts
from tf_mmdgan.metrics.degenerate import warn_of_degenerate_moments
from tf_mmdgan.metrics.fid import frechet_distance
from tf_mmdgan.metrics.kid import KID
from tf_mmdgan.metrics.metric import Metric
from tf_mmdgan.metrics.moments import (
    Moments,
    MomentSums,
    read_extractor,
    read_moments,
    write_moments,
)
from tf_mmdgan.metrics.neighbors import nearest
from tf_mmdgan.metrics.settings import (
    LEAST_IMAGES,
    MetricSettings,
    block_size,
)
from tf_mmdgan.metrics.standing import (
    LEAST_SAMPLES,
    Reference,
    Standing,
    is_lower,
)
from tf_mmdgan.metrics.streaming import BlockKID

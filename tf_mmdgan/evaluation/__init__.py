"""Scores of generated images: features, metrics by name, and reports."""

from tf_mmdgan.evaluation.feature_moments import Moments, MomentSums, moments
from tf_mmdgan.evaluation.features import (
    EXTRACTORS,
    LENETS,
    FeatureExtractor,
    extract,
    get_extractor,
)
from tf_mmdgan.evaluation.fid import frechet_distance
from tf_mmdgan.evaluation.kid import KID
from tf_mmdgan.evaluation.metrics import METRICS, choose, score
from tf_mmdgan.evaluation.neighbors import nearest
from tf_mmdgan.evaluation.network import Extracted
from tf_mmdgan.evaluation.page import render_page
from tf_mmdgan.evaluation.pairs import block_bounds
from tf_mmdgan.evaluation.reference import (
    cached,
    read_moments,
    write_moments,
)
from tf_mmdgan.evaluation.report import Report
from tf_mmdgan.evaluation.streaming import BlockKID

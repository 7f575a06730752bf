"""What is scored against what, and how the result is told."""

from tf_mmdgan.evaluation.from_config import (
    check_scorer,
    extractor_of_run,
    scorer_of_run,
)
from tf_mmdgan.evaluation.history import RunHistory
from tf_mmdgan.evaluation.images import read_alike
from tf_mmdgan.evaluation.page import render_page
from tf_mmdgan.evaluation.report import Report, StepScores
from tf_mmdgan.evaluation.scorer import Scorer
from tf_mmdgan.evaluation.usual import chooses_best, usual_features

"""From a configuration to a trained run, and back from its folder."""

from tf_mmdgan.training.compared import RunComparison, compare_runs
from tf_mmdgan.training.curve import Curve
from tf_mmdgan.training.finished import TrainedRun, load_run
from tf_mmdgan.training.pace import in_words
from tf_mmdgan.training.planning import Plan, plan
from tf_mmdgan.training.run import Run, prepare, resume, train
from tf_mmdgan.training.scored import evaluate

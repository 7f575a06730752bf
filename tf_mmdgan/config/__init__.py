"""Settings of the tools: frozen values, which are checked when they are made.

Each field has its help text. The command line is derived from the fields, so
that a default is written once. None means "as published for the chosen method".
"""

from tf_mmdgan.config.compare import CompareConfig
from tf_mmdgan.config.compare_runs import CompareRunsConfig
from tf_mmdgan.config.data import AugmentedDataConfig, DataConfig, ReadConfig
from tf_mmdgan.config.evaluate import EvaluateConfig
from tf_mmdgan.config.expansions import given
from tf_mmdgan.config.fields import field_type, setting
from tf_mmdgan.config.protocols import PROTOCOLS
from tf_mmdgan.config.sampling import SampleConfig
from tf_mmdgan.config.serving import (
    ConnectionConfig,
    DemoConfig,
    ExportConfig,
)
from tf_mmdgan.config.study import StudyConfig
from tf_mmdgan.config.train import TrainConfig
from tf_mmdgan.config.two_sample import TwoSampleConfig

"""What one run depends on: frozen values that refuse to be built wrong.

A field carries its help text; the command line is derived from it, so that a
default exists once. None means "as published for the chosen method".
"""

from tf_mmdgan.config.compare import CompareConfig
from tf_mmdgan.config.data import AugmentedDataConfig, DataConfig, ReadConfig
from tf_mmdgan.config.evaluate import EvaluateConfig
from tf_mmdgan.config.fields import field_type, setting
from tf_mmdgan.config.serving import (
    ConnectionConfig,
    DemoConfig,
    ExportConfig,
    SampleConfig,
)
from tf_mmdgan.config.study import StudyConfig
from tf_mmdgan.config.train import TrainConfig

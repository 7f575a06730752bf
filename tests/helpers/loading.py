"""Loading a data set in one line."""

from tf_mmdgan import data
from tf_mmdgan.config import DataConfig


def load(name, split, **settings):
    """A split of the data set `name`, with other settings of `DataConfig`."""
    return data.load(DataConfig(dataset=name, **settings), split)

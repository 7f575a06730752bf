"""Shards of ten images, so that small sets have many."""

import pytest

from tf_mmdgan.data.cache import build


@pytest.fixture(autouse=True)
def shards_of_ten(monkeypatch):
    monkeypatch.setattr(build, "_SHARD_IMAGES", 10)

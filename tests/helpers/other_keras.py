"""Settings of Keras that are wrong for a while."""

import contextlib

import keras


@contextlib.contextmanager
def setting(name, value):
    before = getattr(keras.config, name)()
    change = getattr(keras.config, f"set_{name}")
    change(value)
    try:
        yield
    finally:
        change(before)

"""Rotated bars, whose labels are numbers: the cosine and sine of an angle."""

import numpy as np


def labels_of(angles):
    """Labels float32 [n, 2] of angles [n]: a bar is itself after half a turn.

    So they are of twice the angle.
    """
    doubled = 2.0 * np.asarray(angles)
    return np.stack([np.cos(doubled), np.sin(doubled)], 1).astype(np.float32)


def draw(angles, side=16):
    """Bright bars through the middle, uint8 [n, side, side, 1]."""
    down, across = (np.arange(side) - (side - 1) / 2 for _ in range(2))
    down, across = np.meshgrid(down, across, indexing="ij")
    cos, sin = (f(angles)[:, None, None] for f in (np.cos, np.sin))
    beside = np.abs(across * sin - down * cos)
    along = np.abs(across * cos + down * sin)
    bar = 1.0 / (1.0 + np.exp(3.0 * (beside - 1.5)))
    bar = bar / (1.0 + np.exp(3.0 * (along - 0.4 * side)))
    return np.rint(255.0 * bar).astype(np.uint8)[..., np.newaxis]


def angles_of(images):
    """The direction [n] in (-pi/2, pi/2] in which images are widest.

    By their second moments, after what all pixels share is taken off.
    """
    weights = images[..., 0].astype(float)
    weights -= weights.min(axis=(1, 2), keepdims=True)
    side = weights.shape[1]
    at = np.arange(side) - (side - 1) / 2
    y, x = np.meshgrid(at, at, indexing="ij")
    xx, yy, xy = (
        (weights * part).sum(axis=(1, 2)) for part in (x * x, y * y, x * y)
    )
    return 0.5 * np.arctan2(2.0 * xy, xx - yy)

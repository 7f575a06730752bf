"""An extractor, as a user's own module has it."""

from tf_mmdgan.features import Extracted, FeatureExtractor


class MeanColour(FeatureExtractor):
    name = "mean_colour"

    def __init__(self, power: int = 1):
        self.identifier = f"mean_colour-{power}"
        self.power = power

    def __call__(self, images):
        means = images.mean(axis=(1, 2)).astype("float32") / 255.0
        return Extracted(means**self.power)

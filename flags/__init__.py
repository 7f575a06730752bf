"""Recipes: flagfiles of tf-mmdgan train; installed as `tf_mmdgan.recipes`."""

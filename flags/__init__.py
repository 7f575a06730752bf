"""Recipes: flagfiles of tools/train.py; installed as `tf_mmdgan.recipes`."""

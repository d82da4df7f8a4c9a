"""Data in, weights out, figures: the training side of the product."""

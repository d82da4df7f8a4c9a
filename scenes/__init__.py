"""A rendered street with known truth: the demo clip, and the scenes nobody can film."""

"""Measuring on recorded material: replay and error rates."""

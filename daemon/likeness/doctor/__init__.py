"""Says what is well on a terminal, what is not, and what to do about it."""

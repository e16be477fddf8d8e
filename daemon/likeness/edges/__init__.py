"""The world: one outside thing each; they decide nothing."""

"""The daemon: carries events to the rules and their effects to the world."""

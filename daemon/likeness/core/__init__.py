"""Rules only: no clock, disk, wire, thread, log or array."""

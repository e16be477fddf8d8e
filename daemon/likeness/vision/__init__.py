"""Pictures in, plain observations out: arrays and models, no device and no clock."""

"""Wishes that go out to many terminals in waves."""

"""What a camera of the tests inherits that has no rate and nothing to hold."""


class DeafCamera:
    """Hears wishes and does nothing for them."""

    def set_rate(self, fps: float | None) -> None:
        pass

    def hold(self, steady: bool) -> None:
        pass

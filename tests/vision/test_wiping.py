"""A visit leaves no face in the networks' memory and in the buffers before them."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from likeness.core.seen import EmbedWhen
from likeness.parts import load_model_set
from likeness.vision.look import Looker
from likeness.vision.models import Model, ModelSet
from real_models import MODELS, Picture

ANY = EmbedWhen(90.0, 90.0)


@pytest.fixture
def models() -> ModelSet:
    """A set of its own: what others have looked at is not in it."""
    return load_model_set(MODELS)


def buffers(thing: object, depth: int = 4) -> Iterator[npt.NDArray[np.generic]]:
    """All arrays that an object of ours holds, and its networks' inputs and outputs."""
    if isinstance(thing, Model):
        yield thing._input().copy()
        return
    for value in vars(thing).values() if hasattr(thing, "__dict__") else ():
        if isinstance(value, np.ndarray):
            yield value
        elif depth and type(value).__module__.startswith("likeness.vision"):
            yield from buffers(value, depth - 1)


def full(looker: Looker) -> int:
    """How many large buffers hold anything."""
    large = [one for one in buffers(looker) if one.size > 1000]
    assert len(large) >= 8
    return sum(bool(one.any()) for one in large)


def test_every_buffer_is_emptied_in_place(models: ModelSet, astronaut: Picture) -> None:
    looker = Looker(models)
    seen = looker.look(
        astronaut, captured_s=0.0, frame=0, embed=ANY, passive=True, parallax=True
    )
    assert seen.face is not None
    assert seen.face.passive is not None
    assert full(looker) >= 8
    looker.wipe()
    assert full(looker) == 0


def test_the_networks_answer_of_nothing_takes_the_answers_place(
    models: ModelSet, astronaut: Picture
) -> None:
    """Output and all between are overwritten too: it ran, and on zeros."""
    network = models.mesh
    looker = Looker(models)
    looker.look(astronaut, captured_s=0.0, frame=0)
    looker.wipe()
    left = [network._interpreter.get_tensor(index) for index in network._outputs]
    nothing = network.run(np.zeros(network.shape, np.float32))
    for one, other in zip(left, nothing, strict=True):
        assert np.array_equal(one, other)


def test_the_next_visitor_is_seen_as_ever(models: ModelSet, astronaut: Picture) -> None:
    looker = Looker(models)
    first = looker.look(astronaut, captured_s=0.0, frame=0, embed=ANY)
    looker.wipe()
    again = looker.look(astronaut, captured_s=0.0, frame=0, embed=ANY)
    assert first.face is not None
    assert again.face is not None
    assert again.face.embedding == first.face.embedding

"""Gives frames to vision, one look in flight, and what it saw to the visit, in order.

A camera that gives nothing any more is started anew, until it gives pictures again or
the rules have ended the visit (core/camera_break.py). Leaves to others: noticing that
it gives nothing, and how it is closed and opened (the camera).
"""

import asyncio
import logging
from collections.abc import Callable

from likeness.core import visit_events as visits
from likeness.core.seen import Attention, Observation
from likeness.core.vocabulary import Reason
from likeness.errors import DeviceLost, DeviceRefused, FeedUnreadable
from likeness.service.ports import Camera, Sight

log = logging.getLogger(__name__)

AGAIN_S = 0.5  # between two tries to start it


class FrameLoop:
    """One visit's frames at a time.

    Args:
        camera, sight: the edges.
        attention: what the next frame should be asked.
        seen: told of each observation, before the visit is.
        tell: hands an event, or a fault, to the visit; sets the given mark when it was
            taken in.
    """

    def __init__(
        self,
        *,
        camera: Camera,
        sight: Sight,
        attention: Callable[[], Attention],
        seen: Callable[[Observation], None],
        tell: Callable[[visits.Event | BaseException, asyncio.Event | None], None],
    ) -> None:
        self.camera = camera
        self._sight = sight
        self._attention = attention
        self._seen = seen
        self._tell = tell
        self._task: asyncio.Task[None] | None = None
        self.restarts = 0  # how often a camera stalled and was started anew
        self.lost = False  # it failed, and gave no picture since

    def begin(self, visit: int) -> None:
        """Start the camera and look."""
        self._task = asyncio.create_task(self._watch(visit))
        self._task.add_done_callback(self._ended)

    async def end(self) -> None:
        """Look no more, stop the camera and forget the face; harmless at rest."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            self.camera.hold(False)
            await self.camera.stop()
        self._sight.forget()

    async def _watch(self, visit: int) -> None:
        try:
            await self.camera.start()
            while await self._stalls(visit):
                await self._restart(visit)
            self._tell(visits.PictureEnded(Reason.FEED_ENDED), None)
        except FeedUnreadable as fault:
            log.warning("event=feed_unreadable visit=%d why=%s", visit, fault)
            self._tell(visits.PictureEnded(Reason.FEED_UNREADABLE), None)
        except DeviceLost as fault:  # not there at all, or not for us
            self.lost = True
            log.warning("event=camera_lost visit=%d why=%s", visit, fault)
            self._tell(visits.PictureEnded(Reason.CAMERA_LOST), None)

    async def _stalls(self, visit: int) -> bool:
        """Look until the frames end; say whether they stalled."""
        try:
            while (frame := await self.camera.frame()) is not None:
                if self.lost:
                    self.lost = False
                    await self._told(visits.PictureBack(visit))
                attention = self._attention()
                self.camera.hold(attention.light)  # colours compare within one exposure
                seen = await self._sight.look(frame, attention)
                self._seen(seen)
                await self._told(visits.Observed(visit, seen))
        except DeviceRefused:
            raise
        except DeviceLost as fault:
            log.warning("event=camera_stalled visit=%d why=%s", visit, fault)
            return True
        return False

    async def _restart(self, visit: int) -> None:
        """Start the camera anew; who cancels us says how long that may take."""
        if self.lost:  # it was started, and gave nothing all the same
            await asyncio.sleep(AGAIN_S)
        self.lost = True
        self.restarts += 1
        self._sight.forget()
        await self._told(visits.PictureStalled(visit))
        while True:
            try:
                await self.camera.stop()
                await self.camera.start()
            except DeviceRefused:
                raise
            except DeviceLost as fault:
                log.info("event=camera_not_back visit=%d why=%s", visit, fault)
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def _told(self, event: visits.Event) -> None:
        taken = asyncio.Event()
        self._tell(event, taken)
        await taken.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A fault that we do not understand ends the loop; nothing waits for ever."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._tell(fault, None)

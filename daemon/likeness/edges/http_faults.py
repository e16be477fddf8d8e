"""Where aiohttp tells of faults: ours are logged, what strangers send is not.

Each line that is no HTTP would else be a traceback in the journal, with what was sent
in it, as often as somebody likes. Leaves to others: answering.
"""

import logging

from aiohttp.http_exceptions import HttpProcessingError


def _is_ours(record: logging.LogRecord) -> bool:
    fault = record.exc_info[1] if record.exc_info else None
    return not isinstance(fault, HttpProcessingError)


LOGGER = logging.getLogger(__name__)
LOGGER.addFilter(_is_ours)

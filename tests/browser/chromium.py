"""The browser of `likeness bench screen`, under the name that tests know it by."""

from likeness.bench.browser_page import Page
from likeness.bench.chromium import Chromium, find
from likeness.bench.devtools import BrowserFault

__all__ = ["BrowserFault", "Chromium", "Page", "find"]

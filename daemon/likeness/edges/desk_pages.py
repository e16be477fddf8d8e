"""The files of the desk page, and the headers that keep it from talking elsewhere.

Leaves to others: serving them (desk_server.py).
"""

from importlib.resources import files as resources

from likeness.edges import http_headers

MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}

# Nothing is loaded from elsewhere, nothing inline runs, no other page may hold ours.
HEADERS = {
    **http_headers.APART,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'; require-trusted-types-for 'script';"
        " trusted-types 'none'"
    ),
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def files() -> dict[str, tuple[str, bytes]]:
    """Return each path with its media type and content; "/" is the page itself."""
    found: dict[str, tuple[str, bytes]] = {}
    folder = resources("likeness") / "desk"
    for part, at in ((folder, "/desk/"), (folder / "languages", "/desk/languages/")):
        for one in part.iterdir():
            suffix = f".{one.name.rpartition('.')[2]}"
            if one.is_file() and suffix in MEDIA_TYPES:
                found[f"{at}{one.name}"] = (MEDIA_TYPES[suffix], one.read_bytes())
    found["/"] = found.pop("/desk/index.html")
    return found

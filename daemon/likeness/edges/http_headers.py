"""What every page of ours asks of a browser: keep, frame and share nothing of it.

Leaves to others: what a page of ours may load and use (desk_pages.py, page_guard.py).
"""

# Fetch, HTML (COOP), RFC 9111; each page adds its own policy.
APART = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

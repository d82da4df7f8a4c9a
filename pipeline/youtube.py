"""Pages of YouTube to the stream behind them, through yt-dlp."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import RefusedError, StreamError

_HOSTS = ("youtube.com", "youtu.be", "youtube-nocookie.com")
_EXTRACTORS = ("youtube.*",)
# one file with the picture in it, no higher than what the pipeline makes use of; HLS is what live broadcasts have
_FORMAT = "best[height<=1080][vcodec!=none]/bestvideo[height<=1080]/best"


def is_page(url: str) -> bool:
    host = (urlsplit(url).hostname or "").lower()
    return any(host == name or host.endswith(f".{name}") for name in _HOSTS)


def stream_of(page: str, extractors: tuple[str, ...] = _EXTRACTORS) -> str:
    """The URL of the stream on a page. It holds for some hours only, and nobody has checked it yet.

    Raises:
        StreamError: there is none at the moment, or the page cannot be reached.
        RefusedError: yt-dlp may not read such a page.
    """
    import yt_dlp  # noqa: PLC0415 it takes half a second, and most streams are no pages

    options: Any = {
        "quiet": True,
        "logger": logging.getLogger(__name__),
        "no_warnings": True,
        "noplaylist": True,
        "playlist_items": "0",  # a channel has thousands of pages, and all of them would be read
        "format": _FORMAT,
        "allowed_extractors": list(extractors),
        "enable_file_urls": False,
        "cachedir": False,
        "socket_timeout": 10,
    }
    try:
        with yt_dlp.YoutubeDL(options) as reader:
            found = reader.extract_info(page, download=False)
    except yt_dlp.utils.DownloadError as error:
        cause = (error.exc_info or (None, None))[1]
        if isinstance(cause, yt_dlp.utils.ExtractorError) and not isinstance(cause, yt_dlp.utils.UnsupportedError):
            raise StreamError("the stream on this page cannot be found at the moment") from error
        raise RefusedError("there is no stream on this page") from error
    url = found.get("url") if found else None
    if not url:
        raise RefusedError("there is no stream on this page")
    return str(url)

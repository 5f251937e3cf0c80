"""The files that phones ask a tracking domain for, to learn which of its links an app opens.

Both want JSON, status 200 and no redirect:
https://developer.apple.com/documentation/xcode/supporting-associated-domains
https://developer.android.com/training/app-links/configure-assetlinks
"""

from collections.abc import Callable, Mapping
from typing import Final

from domains.app_files import AppFile
from tracker.responses import Response, json_text

AppFiles = Callable[[str, AppFile], str | None]
"""Returns the content for a host, None where it has none."""

_FILES: Final[Mapping[str, AppFile]] = {
    "/.well-known/apple-app-site-association": AppFile.APPLE,
    "/apple-app-site-association": AppFile.APPLE,  # where iOS 9.2 and older look
    "/.well-known/assetlinks.json": AppFile.ANDROID,
}


def app_file(path: str, host: str, files: AppFiles) -> Response | None:
    """Return the answer to a request for one of the files; None where there is none, or for another path."""
    file = _FILES.get(path)
    content = None if file is None else files(host, file)
    return None if content is None else json_text(content)

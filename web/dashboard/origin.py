"""Whether a browser says that a page of another site had a request made."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers


def of_another_site(headers: Headers) -> bool:
    """Tell so by Sec-Fetch-Site, and by Origin where a browser does not send that (plain http).

    The order of Go's net/http.CrossOriginProtection. What sends neither is no browser of these years, and
    has no cookie of ours that it was tricked to send; the token of the form is asked for all the same.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True

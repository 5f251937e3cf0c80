"""What the settings mean for the scheme of links."""

from domains.model import Scheme
from service.settings import Settings, TlsMode, TlsSection
from service.settings_checks import DIRECTORIES, directory_url


def before_https(settings: Settings) -> Scheme | None:
    """Return the scheme of links on a domain whose HTTPS was not seen yet; None where it will come."""
    tls, scheme = settings.tls, settings.tracking.scheme
    if tls.mode is TlsMode.ACME and not is_trial(tls):
        return None
    if tls.mode is TlsMode.EXTERNAL and scheme is Scheme.HTTP:
        return None  # until a check sees the proxy's certificate
    return scheme


def is_trial(section: TlsSection) -> bool:
    """Tell whether no browser trusts what the authority issues: then links stay as they would be without."""
    return directory_url(section.directory) == DIRECTORIES["letsencrypt-staging"]

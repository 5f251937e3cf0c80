"""Says in plain words why a TLS handshake failed."""

import ssl

# X509_V_ERR_* of OpenSSL's x509_vfy.h, which Python passes on as numbers.
_VERIFICATION = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is self-signed",
    19: "its certificate comes from an authority that is not trusted",
    20: "its certificate comes from an authority that is not trusted, or the intermediate one is missing",
    21: "its certificate comes from an authority that is not trusted, or the intermediate one is missing",
    62: "its certificate is for another name",
}
# Reasons of OpenSSL's sslerr.h.
_REASONS = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS there",
    "HTTP_REQUEST": "it does not speak TLS there",
    "TLSV1_UNRECOGNIZED_NAME": "it has no certificate for this name",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it refused the handshake",
    "UNSUPPORTED_PROTOCOL": "it offers only versions of TLS that are out of use",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it offers only versions of TLS that are out of use",
}


def plain_words(fault: OSError) -> str:
    """Return half a sentence about the other end, "it" there."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        known = _VERIFICATION.get(fault.verify_code)
        return known or f"its certificate is not trusted ({fault.verify_message})"
    if isinstance(fault, ssl.SSLError) and fault.reason and not isinstance(fault, ssl.SSLEOFError):
        return _REASONS.get(fault.reason) or f"the TLS handshake failed ({fault.reason})"
    return "it closed the connection during the TLS handshake"

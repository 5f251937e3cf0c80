"""An ACME server that validates nothing and fails as it is told: for what Pebble does not do."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Final

from cryptography import x509

from tests.certificates.builders import NOW
from tests.certificates.signing import sign
from tests.running import free_port

PROBLEM: Final = "urn:ietf:params:acme:error:"
Answer = tuple[int, dict[str, str], bytes]


def problem(type: str, detail: str = "a detail", status: int = 403, **headers: str) -> Answer:
    """Return a problem document as an answer."""
    body = json.dumps({"type": PROBLEM + type, "detail": detail}).encode()
    return status, {"Content-Type": "application/problem+json", **headers}, body


def document(value: object, **headers: str) -> Answer:
    """Return JSON as an answer."""
    return 200, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()


class ScriptedAuthority(ThreadingHTTPServer):
    """`answers` holds, by resource, what to answer in place of what would be right, one after the other.

    Resources: directory, nonce, account, order, authorization, challenge, finalize, issued, certificate,
    renewal. `asked` holds the resources asked for, `payloads` what came with the last request for each.
    """

    daemon_threads = True

    def __init__(self) -> None:
        port = free_port()
        super().__init__(("127.0.0.1", port), _Handler)
        self.base = f"http://127.0.0.1:{port}"
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        self.payloads: dict[str, Any] = {}
        self.offers_advice = False
        self.closing = Event()
        self.challenge_error: dict[str, str] | None = None
        self._chain = ""

    @property
    def directory(self) -> str:
        """Its URL."""
        return f"{self.base}/directory"

    @contextmanager
    def running(self) -> Iterator["ScriptedAuthority"]:
        """Serve in a thread."""
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self.shutdown()
            thread.join()
            self.server_close()

    def answer(self, resource: str, payload: Any) -> Answer:
        """Return what was told for the resource, or what is right."""
        self.asked.append(resource)
        self.payloads[resource] = payload
        told = self.answers.get(resource)
        if told:
            return told.pop(0)
        right: Answer = getattr(self, f"_{resource}")(payload)
        return right

    def _directory(self, _: Any) -> Answer:
        names = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order", "revokeCert": "revoke"}
        if self.offers_advice:
            names["renewalInfo"] = "renewal"
        return document({name: f"{self.base}/{resource}" for name, resource in names.items()})

    def _nonce(self, _: Any) -> Answer:
        return 200, {}, b""

    def _account(self, _: Any) -> Answer:
        return 201, *document({"status": "valid"}, Location=f"{self.base}/account/1")[1:]

    def _order(self, _: Any) -> Answer:
        return document(self._order_with("pending"), Location=f"{self.base}/issued")

    def _authorization(self, _: Any) -> Answer:
        status = (
            "pending" if "challenge" not in self.asked else "invalid" if self.challenge_error else "valid"
        )
        challenge: dict[str, Any] = {
            "type": "http-01",
            "url": f"{self.base}/challenge",
            "token": base64.urlsafe_b64encode(b"t" * 32).decode().rstrip("="),
            "status": status,
        }
        if status == "invalid" and self.challenge_error:
            challenge["error"] = self.challenge_error
        return document({"status": status, "challenges": [challenge]})

    def _challenge(self, _: Any) -> Answer:
        return document({"type": "http-01", "url": f"{self.base}/challenge", "status": "processing"})

    def _finalize(self, payload: Any) -> Answer:
        der = base64.urlsafe_b64decode(payload["csr"] + "==")
        request = x509.load_der_x509_csr(der)
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self._chain = sign(request.public_key(), names, NOW)
        return document(self._order_with("processing"))

    def _issued(self, _: Any) -> Answer:
        return document(self._order_with("valid" if self._chain else "ready"))

    def _certificate(self, _: Any) -> Answer:
        return 200, {"Content-Type": "application/pem-certificate-chain"}, self._chain.encode()

    def _order_with(self, status: str) -> dict[str, Any]:
        order: dict[str, Any] = {
            "status": status,
            "authorizations": [f"{self.base}/authorization"],
            "finalize": f"{self.base}/finalize",
        }
        return order | ({"certificate": f"{self.base}/certificate"} if status == "valid" else {})


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedAuthority
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment an answer, so that none waits for an acknowledgement

    def do_GET(self) -> None:
        self._reply(None)

    def do_HEAD(self) -> None:
        self._reply(None)

    def do_POST(self) -> None:
        envelope = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        payload = base64.urlsafe_b64decode(envelope["payload"] + "==")
        self._reply(json.loads(payload) if payload else None)

    def _reply(self, payload: Any) -> None:
        status, headers, body = self.server.answer(self.path.split("/")[1], payload)
        if status == 0:  # never answer
            self.server.closing.wait(60)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in {"Replay-Nonce": "bm9uY2U", **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""

"""An authoritative DNS server inside the test process, on UDP and TCP at one free port of a loopback address.

    with DnsServer() as server:
        server.add("track.example.com", "CNAME", "links.waypost.test")
        server.add("links.waypost.test", "A", "192.0.2.10")
        server.fail("broken.example.com", Failure.SERVFAIL)
        Resolver(["127.0.0.1"], server.port)

Records and failures may change while it runs. CNAMEs are followed inside its records. A name without records
is NXDOMAIN, or without data where a known name stands below it. Several CNAMEs at one name are served as they
are, though DNS forbids them. `questions` lists what was asked.

It is responsible for all names, unless `delegate` gives a zone to other servers. A second server may stand at
the same port of another address: `DnsServer("127.0.0.2", server.port)`.
"""

import socketserver
import struct
import threading
import time
from enum import Enum, auto
from types import TracebackType
from typing import NamedTuple

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

TTL = 60
SLOW_SECONDS = 0.05
POLL_SECONDS = 0.01  # how soon `serve_forever` notices a stop
BIND_ATTEMPTS = 20  # the port that is free for UDP may be taken for TCP
AUTHORITY = [  # what stands beside "no such record", in the fullest form of RFC 2308 section 2.2
    dns.rrset.from_text(".", TTL, "IN", "SOA", "ns.test. hostmaster.test. 1 3600 600 86400 30"),
    dns.rrset.from_text(".", TTL, "IN", "NS", "ns.test."),
]


class Failure(Enum):
    """What a server can do in place of an answer."""

    SERVFAIL = auto()
    REFUSED = auto()
    NXDOMAIN = auto()
    DROP = auto()  # no reply, neither by UDP nor by TCP
    TRUNCATE = auto()  # by UDP an empty answer with TC, by TCP the whole
    REFERRAL = auto()  # "ask those servers": no answer, NS records as authority, not authoritative
    FOREIGN_ID = auto()  # a true answer with the id of another question, as one who guesses would send it
    GARBAGE = auto()  # bytes that are no message
    LAME = auto()  # not authoritative, and no word about who is
    NO_EDNS = auto()  # FORMERR to what has an OPT record, else the whole
    SLOW = auto()  # the whole, a little later


class Question(NamedTuple):
    """One question as it came in."""

    name: str
    kind: str
    transport: str  # udp | tcp
    recursive: bool = True  # whether the server was asked to ask others


class DnsServer:
    """See the module's docstring. Names are given without a trailing dot, in any case."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self.address = address
        self.questions: list[Question] = []
        self._delegated: dict[dns.name.Name, dict[str, str]] = {}
        self._records: dict[dns.name.Name, list[dns.rdata.Rdata]] = {}
        self._failures: dict[dns.name.Name, Failure] = {}
        self._failure: Failure | None = None
        self._lock = threading.Lock()
        self._udp, self._tcp = _bind(self, port)
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
            for server in (self._udp, self._tcp)
        ]

    @property
    def port(self) -> int:
        """The port, the same for UDP and TCP."""
        return int(self._udp.server_address[1])

    def add(self, name: str, kind: str, value: str) -> None:
        """Add a record beside those that are there. Host names in `value` are absolute."""
        record = dns.rdata.from_text("IN", kind, value, origin=dns.name.root, relativize=False)
        with self._lock:
            self._records.setdefault(dns.name.from_text(name), []).append(record)

    def set(self, name: str, kind: str, value: str) -> None:
        """Make this the only record of the name."""
        self.remove(name)
        self.add(name, kind, value)

    def remove(self, name: str) -> None:
        """Take away all records of the name."""
        with self._lock:
            self._records.pop(dns.name.from_text(name), None)

    def delegate(self, zone: str, servers: dict[str, str]) -> None:
        """Refer questions for the zone and what is below it to these servers, by name, with their addresses.

        An address of "" stands for none: a referral without glue.
        """
        with self._lock:
            self._delegated[dns.name.from_text(zone)] = servers

    def fail(self, name: str, failure: Failure | None) -> None:
        """Let questions for this name fail; None mends it."""
        with self._lock:
            if failure is None:
                self._failures.pop(dns.name.from_text(name), None)
            else:
                self._failures[dns.name.from_text(name)] = failure

    def fail_all(self, failure: Failure | None) -> None:
        """Let every question fail; None mends it."""
        with self._lock:
            self._failure = failure

    def reply(self, wire: bytes, transport: str) -> bytes | None:
        """Answer one message; None for no reply."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        with self._lock:
            asked = Question(
                question.name.to_text(omit_final_dot=True),
                dns.rdatatype.to_text(question.rdtype),
                transport,
                bool(query.flags & dns.flags.RD),
            )
            self.questions.append(asked)
            failure = self._failure or self._failures.get(question.name)
            response = self._failed(query, failure, transport) if failure else self._answered(query)
        if failure is Failure.GARBAGE:
            return b"no message"
        if failure is Failure.SLOW:
            time.sleep(SLOW_SECONDS)
        return response.to_wire() if response else None

    def _failed(
        self, query: dns.message.Message, failure: Failure, transport: str
    ) -> dns.message.Message | None:
        response = dns.message.make_response(query)
        match failure:
            case Failure.DROP:
                return None
            case Failure.TRUNCATE if transport == "tcp":
                return self._answered(query)
            case Failure.SLOW | Failure.GARBAGE:
                return self._answered(query)
            case Failure.NO_EDNS if query.edns < 0:
                return self._answered(query)
            case Failure.NO_EDNS:
                response.set_rcode(dns.rcode.FORMERR)
            case Failure.FOREIGN_ID:
                response = self._answered(query)
                response.id ^= 1
            case Failure.LAME:
                pass
            case Failure.TRUNCATE:
                response.flags |= dns.flags.TC
            case Failure.REFERRAL:
                response.authority.append(dns.rrset.from_text(".", TTL, "IN", "NS", "ns.elsewhere.test."))
            case _:
                response.set_rcode(dns.rcode.from_text(failure.name))
        return response

    def _answered(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        name, kind = query.question[0].name, query.question[0].rdtype
        for zone in self._delegated:
            if name.is_subdomain(zone):
                return self._referred(response, zone)
        response.flags |= dns.flags.AA
        if not any(known.is_subdomain(name) for known in self._records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        visited: set[dns.name.Name] = set()
        while name not in visited:
            visited.add(name)
            records = self._records.get(name, [])
            found = [record for record in records if record.rdtype == kind]
            aliases = [record for record in records if record.rdtype == dns.rdatatype.CNAME]
            # One RRset for each record: dnspython keeps only one CNAME in a set.
            response.answer += [dns.rrset.from_rdata(name, TTL, record) for record in found or aliases[:1]]
            if found or not aliases:
                break
            name = dns.name.from_text(aliases[0].to_text())
        if not response.answer:
            response.authority += AUTHORITY
        return response

    def _referred(self, response: dns.message.Message, zone: dns.name.Name) -> dns.message.Message:
        for server, address in self._delegated[zone].items():
            response.authority.append(dns.rrset.from_text(zone, TTL, "IN", "NS", f"{server}."))
            if address:
                kind = "AAAA" if ":" in address else "A"
                response.additional.append(dns.rrset.from_text(f"{server}.", TTL, "IN", kind, address))
        return response

    def __enter__(self) -> "DnsServer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for server, thread in zip((self._udp, self._tcp), self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def _bind(server: DnsServer, port: int) -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
    class UdpHandler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, reply_socket = self.request
            if reply := server.reply(wire, "udp"):
                reply_socket.sendto(reply, self.client_address)

    class TcpHandler(socketserver.StreamRequestHandler):
        timeout = 5  # a client that says nothing does not hold up the end of a test

        def handle(self) -> None:
            prefix = self.rfile.read(2)
            if len(prefix) < 2:
                return
            wire = self.rfile.read(struct.unpack("!H", prefix)[0])
            if reply := server.reply(wire, "tcp"):
                self.wfile.write(struct.pack("!H", len(reply)) + reply)

    for _ in range(BIND_ATTEMPTS):
        udp = socketserver.UDPServer((server.address, port), UdpHandler)
        try:
            return udp, socketserver.TCPServer((server.address, udp.server_address[1]), TcpHandler)
        except OSError:
            udp.server_close()
    raise OSError(f"no port of {server.address} was free for both UDP and TCP in {BIND_ATTEMPTS} attempts")

"""A server on this machine that answers as it is told to, well or badly, with or without TLS."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


def answer(body: bytes | str = b"ok", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer."""
    content = body.encode() if isinstance(body, str) else body
    lines = {
        "Content-Length": str(len(content)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


@dataclass
class Odd:
    """Each path is answered with bytes, or by a function, which is given the connection and a wait that may end."""

    host: str = ""
    scheme: str = "http"
    answers: dict[str, bytes | Callable[[socket.socket, Callable[[float], object]], None]] = field(
        default_factory=dict
    )
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.host}{path}"

    def asked(self, path: str) -> int:
        return sum(where.partition("?")[0] == path for _, where, _ in self.seen)

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                read = connection.recv(65536)
                if not read:
                    return
                head += read
            first, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            with self.lock:
                self.seen.append((method, path, headers))
            given = self.answers.get(path.partition("?")[0], answer(status="404 Not Found"))
            if callable(given):
                given(connection, self.over.wait)
            else:
                connection.sendall(given.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == "HEAD" else given)


@contextmanager
def serving(context: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[Odd]:
    """Serve until the end of the block."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family, backlog=64) as listening:
        port = listening.getsockname()[1]
        shown = f"[{address}]" if ":" in address else address
        odd = Odd(host=f"{shown}:{port}", scheme="https" if context else "http")
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                thread = threading.Thread(target=one, args=(connection,))
                threads.append(thread)
                thread.start()

        def one(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                odd.serve(context.wrap_socket(connection, server_side=True) if context else connection)

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield odd
        finally:
            odd.over.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join(10)


def certified(folder: Path, name: str = "localhost", *, days: int = 1) -> tuple[ssl.SSLContext, Path]:
    """A context with a certificate for a name, signed by itself, and the file of that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + min(0, days) * DAY - DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / f"{name}{days}.pem", folder / f"{name}{days}.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return context, file

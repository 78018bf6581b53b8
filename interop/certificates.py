"""Certificates for one run, made by openssl, and a plain door into TLS for clients that cannot speak it."""

import contextlib
import pathlib
import select
import socket
import ssl
import subprocess
import threading


class Certificates:
    """PEM files: an authority, and a certificate of 127.0.0.1 with its key that the authority signed."""

    def __init__(self, folder: pathlib.Path):
        self.authority = folder / "authority.pem"
        self.chain = folder / "chain.pem"
        self.key = folder / "key.pem"
        authority_key, request, extensions = folder / "authority-key.pem", folder / "request.pem", folder / "extensions"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")
        new_key = ("-newkey", "rsa:2048", "-nodes")
        openssl("req", "-x509", *new_key, "-keyout", authority_key, "-out", self.authority, "-days", 30, "-subj", "/CN=Interop Authority")
        openssl("req", *new_key, "-keyout", self.key, "-out", request, "-subj", "/CN=127.0.0.1")
        signed = ("-CA", self.authority, "-CAkey", authority_key, "-CAcreateserial", "-extfile", extensions)
        openssl("x509", "-req", "-in", request, "-out", self.chain, "-days", 30, *signed)

    def client(self) -> ssl.SSLContext:
        """What a client needs to trust the archive."""
        return ssl.create_default_context(cafile=str(self.authority))

    def server(self) -> ssl.SSLContext:
        """What a server needs to be trusted."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


def openssl(*arguments) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@contextlib.contextmanager
def plain_door(archive, context: ssl.SSLContext):
    """The port of a door on 127.0.0.1: what enters it plain reaches the archive over TLS, and back (what stunnel does)."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                secure = context.wrap_socket(socket.create_connection((archive.host, archive.port)), server_hostname="127.0.0.1")
                threading.Thread(target=pump, args=(plain, secure), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def pump(plain: socket.socket, secure: ssl.SSLSocket) -> None:
    """Both directions on one thread: OpenSSL does not let one connection be read and written at the same time."""
    with contextlib.suppress(OSError), plain, secure:
        while True:
            for source in [secure] if secure.pending() else select.select([plain, secure], [], [])[0]:
                sink = plain if source is secure else secure
                # What is there may be a message of TLS itself, with nothing to pass on.
                source.settimeout(0)
                try:
                    chunk = source.recv(65536)
                except ssl.SSLWantReadError:
                    continue
                finally:
                    source.settimeout(None)
                if not chunk:
                    return
                sink.sendall(chunk)

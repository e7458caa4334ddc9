"""A receiver that speaks TLS and ends each connection without saying so (no `close_notify`), as many old ones do.

`/length` answers with a body of known length, `/chunked` with chunks, `/end` with a body that ends with the connection, `/none`
with no body at all.
"""

import os
import socket
import ssl
import sys
import threading

from arrivals import arrived

PORT, CERTIFICATE, KEY = int(sys.argv[1]), sys.argv[2], sys.argv[3]

ANSWERS = {
    "/length": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "/end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
    "/none": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
}


def serve(context: ssl.SSLContext, plain: socket.socket) -> None:
    try:
        connection = context.wrap_socket(plain, server_side=True)
        file = connection.makefile("rb")
        path = file.readline().split(b" ")[1].decode()
        fields = {}
        while (line := file.readline().strip()):
            name, value = line.decode().split(":", 1)
            fields[name.lower()] = value.strip()
        file.read(int(fields.get("content-length", 0)))
        arrived(fields.get("x-rkt-delivery", ""))
        connection.sendall(ANSWERS[path])
        # Closes the TCP connection under TLS's feet: `unwrap` would say goodbye.
        os.close(connection.detach())
    except (OSError, IndexError):
        plain.close()  # who only asks whether we listen


def main() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    with socket.create_server(("127.0.0.1", PORT)) as listener:
        while True:
            plain, _ = listener.accept()
            threading.Thread(target=serve, args=(context, plain), daemon=True).start()


main()

"""A receiver on Python's `http.server`: one request at a time, five connections in its backlog."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from arrivals import arrived, work


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        arrived(self.headers.get("X-RKT-Delivery", ""))
        work()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")


HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

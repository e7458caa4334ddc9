"""A receiver for servers that speak WSGI."""

from arrivals import arrived, work


def app(environ, start_response):
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    arrived(environ.get("HTTP_X_RKT_DELIVERY", ""))
    work()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

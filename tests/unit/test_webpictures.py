"""Fetching by URL: only from allowed hosts, never from inside, never more than the limits."""

import http.server
import socket
import threading
import time
from typing import ClassVar

import pytest

from indexer import webpictures
from indexer.webpictures import FetchLimits, WebPictures, is_public
from multimodal.errors import BadPicture


class Host(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_GET(self):
        self.seen.append(f"{self.headers['Host']} {self.path}")
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/good.png")
            self.end_headers()
        elif self.path == "/said-large":
            self.send_response(200)
            self.send_header("Content-Length", "5000")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * 5000)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                time.sleep(0.05)
                self.wfile.write(b"x")
        elif self.path == "/absent":
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"picture")

    def log_message(self, *_: object):
        pass


@pytest.fixture
def port():
    Host.seen.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def loopback(address):
    return address == "127.0.0.1"


def fetcher(port, **limits):
    return WebPictures(
        [f"shop.test:{port}"], FetchLimits(**{"bytes": 1000, "seconds": 60.0, **limits}), allowed=loopback
    )


@pytest.fixture
def names(monkeypatch):
    """A name service of our own, which counts its answers."""
    asked = []

    def getaddrinfo(host, port, *_: object, **__: object):
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        address = {"shop.test": "127.0.0.1", "inside.test": "10.0.0.5"}.get(host)
        # From the second question on the name leads elsewhere.
        if asked.count(host) > 1:
            address = "127.0.0.2"
        if address is None:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(webpictures.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_picture_comes_from_an_allowed_host(port, names, monkeypatch):
    addresses = []
    connect = socket.socket.connect
    monkeypatch.setattr(
        webpictures.socket,
        "create_connection",
        lambda address, timeout: _connected(address, addresses, connect),
    )
    assert fetcher(port).fetch(f"http://shop.test:{port}/a%20b.png?size=2") == b"picture"
    assert Host.seen == [f"shop.test:{port} /a%20b.png?size=2"]
    # the address that was checked is the one that was connected to, and the name was asked once
    assert (names, addresses) == (["shop.test"], [("127.0.0.1", port)])


def _connected(address, addresses, connect):
    addresses.append(address)
    one = socket.socket()
    connect(one, address)
    return one


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/moved", "status 302"),
        ("/absent", "status 404"),
        ("/said-large", "5000 bytes"),
        ("/endless", "more than 1000 bytes"),
    ],
)
def test_what_a_host_may_not_do(port, names, path, reason):
    with pytest.raises(BadPicture, match=reason):
        fetcher(port).fetch(f"http://shop.test:{port}{path}")


def test_a_host_that_drips_is_cut_off(port, names):
    with pytest.raises(BadPicture, match=r"within 0.3 s|could not be fetched"):
        fetcher(port, seconds=0.3).fetch(f"http://shop.test:{port}/slow")


@pytest.mark.parametrize(
    "url",
    [
        "http://other.test/a.png",
        "http://shop.test/a.png",  # another port than the allowed one
        "file:///etc/passwd",
        "gopher://shop.test/",
        "http://user:pw@shop.test:{port}/a.png",
        "http://shop.test:{port}@other.test/",
        "http://[::1/a.png",
        "http://shop.test:{port}/a b.png",
        "http://shop.test:{port}/a\r\nHost: x",
        "http:///a.png",
    ],
)
def test_urls_that_are_not_fetched(port, names, url):
    with pytest.raises(BadPicture):
        fetcher(port).fetch(url.replace("{port}", str(port)))
    assert Host.seen == []


def test_a_name_that_leads_inside_is_refused(names):
    with pytest.raises(BadPicture, match="not public"):
        WebPictures(["inside.test"]).fetch("http://inside.test/a.png")
    with pytest.raises(BadPicture, match="no address"):
        WebPictures(["*.test"]).fetch("http://nowhere.test/a.png")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert is_public(address) is public

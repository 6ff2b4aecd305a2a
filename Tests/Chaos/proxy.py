"""A TCP proxy on loopback that makes a network's trouble."""

import socket
import threading
import time


class Proxy:
    """Listens on a free port and passes on what comes, until it is told otherwise."""

    def __init__(self, target):
        self.target = target
        self.delay = 0.0
        self.flows = threading.Event()
        self.flows.set()
        self.is_cut = False
        self.sockets = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Breaks all connections and takes no new ones."""
        with self.lock:
            self.is_cut = True
            sockets = list(self.sockets)
        for one in sockets:
            self._shut(one)

    def stall(self):
        """Lets nothing through, as a cable does that nobody noticed; connections stay open."""
        self.flows.clear()

    def slow(self, seconds):
        """Holds each piece back for a while."""
        self.delay = seconds

    def heal(self):
        self.is_cut = False
        self.delay = 0.0
        self.flows.set()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                if self.is_cut:
                    raise OSError
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            with self.lock:
                self.sockets |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source, sink):
        try:
            while piece := source.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                self.flows.wait()
                sink.sendall(piece)
        except OSError:
            pass
        for one in (source, sink):
            self._shut(one)
            with self.lock:
                self.sockets.discard(one)

    @staticmethod
    def _shut(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

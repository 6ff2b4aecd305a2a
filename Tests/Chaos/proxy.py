"""TCP proxies on loopback that make a network's trouble."""

import socket
import struct
import threading
import time


class Proxy:
    """Listens on a free port and passes on what comes, until it is told otherwise."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.delay = 0.0
        self.bytes_per_second = None
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

    def throttle(self, bytes_per_second):
        """Lets so many bytes through each way of a connection."""
        self.bytes_per_second = bytes_per_second

    def heal(self):
        self.is_cut = False
        self.delay = 0.0
        self.bytes_per_second = None
        self.flows.set()

    def pieces(self, source):
        """What comes from a client, as it is passed on."""
        while piece := source.recv(65536):
            yield piece

    def answers(self, source):
        """What comes from the server, as it is passed on."""
        return self.pieces(source)

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                if self.is_cut:
                    raise OSError
                server = socket.create_connection(self.target, timeout=5)
                server.settimeout(None)
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                client.close()
                continue
            with self.lock:
                self.sockets |= {client, server}
            threading.Thread(target=self._pump, args=(self.pieces(client), client, server), daemon=True).start()
            threading.Thread(target=self._pump, args=(self.answers(server), server, client), daemon=True).start()

    def _pump(self, pieces, source, sink):
        try:
            for piece in pieces:
                if self.delay:
                    time.sleep(self.delay)
                while self.bytes_per_second and piece:
                    sink.sendall(piece[:1024])
                    time.sleep(len(piece[:1024]) / (self.bytes_per_second or 1 << 30))
                    piece = piece[1024:]
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


class KafkaProxy(Proxy):
    """Before the only broker of a cluster, for one service.

    Clients go to the address that a broker gives of itself. So that address is replaced by the proxy's in what the broker
    answers; both have the same length there: a host and a port of four bytes.
    """

    def __init__(self, host, port):
        super().__init__("127.0.0.1", port)
        if len(host) != len("127.0.0.1"):
            raise ValueError(f"the broker says that it is {host}; only 127.0.0.1 and localhost have room for the proxy's address")
        self.theirs = host.encode() + struct.pack(">i", port)
        self.ours = b"127.0.0.1" + struct.pack(">i", self.port)

    def answers(self, source):
        # Answers are passed on whole, lest an address come in two pieces: four bytes say how long each is.
        held = bytearray()
        for piece in self.pieces(source):
            held += piece
            end = 0
            while len(held) >= end + 4 and len(held) >= (following := end + 4 + struct.unpack_from(">i", held, end)[0]):
                end = following
            if end:
                yield bytes(held[:end]).replace(self.theirs, self.ours)
                del held[:end]

#!/usr/bin/env python3
"""A client that behaves: asks for a price every 100 ms on a connection of its own, and says how that went.

    good_client.py PORT PRICE    a line for each answer: when it was asked, how long it took, and what was wrong with it
"""

import http.client
import json
import sys
import time

port, price = int(sys.argv[1]), sys.argv[2]
while True:
    began, fault = time.monotonic(), ""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/v1/prices/bitcoin")
        response = connection.getresponse()
        body = response.read()
        if response.status != 200 or json.loads(body)["price"] != price:
            fault = f"{response.status} {body[:200]!r}"
        connection.close()
    except Exception as error:  # whatever it is, it is an answer that didn't come
        fault = f"{type(error).__name__}: {error}"
    took = time.monotonic() - began
    print(f"{began:.6f} {took:.6f} {fault}", flush=True)
    time.sleep(max(0.0, 0.1 - took))

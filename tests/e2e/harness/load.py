"""An open-loop load: each client asks at times fixed beforehand, so that a slow answer does not slow the asking."""

import threading
import time
from dataclasses import dataclass

from .client import Client
from .consult import Consult, consult


@dataclass
class Asked:
    """One question of the load and what came of it."""

    client: int
    question: Consult
    begun: float  # time.monotonic()
    ended: float
    reply: object  # a Reply, or the exception

    @property
    def failed(self):
        return isinstance(self.reply, Exception)

    @property
    def live(self):
        """Answered by a backend, and correctly."""
        return not self.failed and self.reply.status == 200 and self.question.matches(self.reply.body)


class Load:
    """`clients` is a list of (client, patients): each asks about its own patients in turn. Every second client makes a new connection
    every few requests."""

    requests_per_connection = 5

    def __init__(self, clients, rate):
        self._clients = clients
        self._interval = len(clients) / rate
        self._stop = threading.Event()
        self._threads = []
        self._asked = [[] for _ in clients]

    def __enter__(self):
        start = time.monotonic() + 0.05
        for number, (client, patients) in enumerate(self._clients):
            first = start + number * self._interval / len(self._clients)
            thread = threading.Thread(target=self._run, args=(number, client, patients, first), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a request of the load never ended"

    def all(self):
        """Everything asked so far, in the order of asking."""
        return sorted((one for asked in self._asked for one in list(asked)), key=lambda one: one.begun)

    def of_client(self, number):
        return list(self._asked[number])

    def _run(self, number, client: Client, patients, first):
        count = 0
        # Waiting on the event and not sleeping: the load ends at once when it is told to.
        while not self._stop.wait(max(0.0, first + count * self._interval - time.monotonic())):
            if number % 2 and count % self.requests_per_connection == 0:
                client.renew()
            question = consult(patients[count % len(patients)])
            begun = time.monotonic()
            try:
                reply = client.ask(question)
            except Exception as problem:  # what it was is judged by the test
                reply = problem
            self._asked[number].append(Asked(number, question, begun, time.monotonic(), reply))
            count += 1
        client.renew()

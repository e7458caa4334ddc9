"""What these receivers have in common: they write down each delivery that arrives, and take their time."""

import os
import time

HANDLER = float(os.environ.get("HANDLER", "0"))


def arrived(delivery: str) -> None:
    """One line for each request, in one write, since several processes may share the file."""
    file = os.open(os.environ["ARRIVALS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{delivery}\n".encode())
    os.close(file)


def work() -> None:
    time.sleep(HANDLER)

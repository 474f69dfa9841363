"""Being stopped while the main thread waits for another one."""

import os
import signal
import threading
import time

from components.loaders.agent.cli import stopping_on_signals
from components.loaders.agent.deadline import Deadline
from components.loaders.agent.errors import StoppedError


def test_a_waiting_main_thread_keeps_no_signal_waiting() -> None:
    """The signal goes to another thread, so nothing interrupts the wait: as if it came just before the wait began."""
    deadline = Deadline(60)
    stopped: list[str] = []

    def work() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        time.sleep(0.5)  # until the main thread waits
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            deadline.sleep(5)
        except StoppedError as error:
            stopped.append(str(error))

    before = signal.getsignal(signal.SIGTERM)
    with stopping_on_signals(deadline):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            worker = threading.Thread(target=work)
            worker.start()
            worker.join()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    assert stopped == ["stopped: SIGTERM"]
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.set_wakeup_fd(-1) == -1

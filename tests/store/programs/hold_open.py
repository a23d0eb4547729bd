"""Opens the store at argv[1], says so, and holds it until somebody ends the process."""

import signal
import sys

from hatchet_engine.store.store import Store

store = Store.open(sys.argv[1])
sys.stdout.write("open\n")
sys.stdout.flush()
signal.pause()

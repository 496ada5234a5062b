"""Settings for every test: machines are shared and noisy, so no example of hypothesis has a deadline."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

settings.register_profile(
    "shared-machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # a submission fails for what it changed, not for what was drawn
)
settings.load_profile("shared-machine")

# Under nohup, or behind a `&` in a script, these are ignored; programs that tests start would do the same,
# and wait out every Ctrl-C that is tested.
for number in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

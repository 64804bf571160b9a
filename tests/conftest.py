"""Chance in properties: anew for people, who can look at what is found; the same each time where a machine decides.

No layouts of whoever runs the tests: only those that a test names.
"""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

os.environ.pop("SCRAPER_LAYOUTS", None)
os.environ["XDG_CONFIG_HOME"] = os.devnull

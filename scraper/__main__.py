"""Entry point of ``scraper`` and ``python -m scraper``."""

import gc
import sys


def main() -> None:
    """Run the command line."""
    # Imported modules are never garbage; looking for some while they load takes a noticeable part of the start.
    gc.disable()
    try:
        if sys.argv[1:] in (["--version"], ["-V"]):  # without importing the commands
            from scraper import __version__

            sys.stdout.write(f"scraper {__version__}\n")
            sys.stdout.flush()
            return
        from scraper.cli import run_command

        sys.exit(run_command(sys.argv[1:]))
    except KeyboardInterrupt:  # before a command begins or after it ends
        from scraper.errors import INTERRUPTED

        sys.exit(INTERRUPTED)
    except OSError as error:  # the help or the version could not be written
        from scraper.errors import READER_GONE

        sys.stdout = None
        sys.exit(READER_GONE if isinstance(error, BrokenPipeError) else f"scraper: stdout: {error.strerror}")


if __name__ == "__main__":
    main()

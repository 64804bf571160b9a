"""The command: ``scraper``, or ``python -m scraper``."""

import gc
import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:  # needs none of what the commands load
        from scraper import __version__

        sys.stdout.write(f"scraper {__version__}\n")
        return
    # What is loaded now stays for good: looking for garbage in it, again and again while it loads, is a tenth of a start.
    gc.disable()
    try:
        from scraper.cli import make_app

        make_app(sys.argv[1:])(prog_name="scraper")
    except KeyboardInterrupt:  # before a command has begun, or after it has ended
        sys.exit(130)
    except OSError as error:  # stdout would not take the help
        sys.stdout = None
        sys.exit(141 if isinstance(error, BrokenPipeError) else f"scraper: stdout: {error.strerror}")


if __name__ == "__main__":
    main()

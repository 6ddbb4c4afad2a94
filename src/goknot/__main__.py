"""Makes `python -m goknot` the same as `goknot`."""

from goknot.cli.main import run

if __name__ == "__main__":
    run()

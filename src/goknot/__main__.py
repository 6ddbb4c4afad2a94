"""Makes `python -m goknot` the same as `goknot`."""

from goknot.cli.main import main

if __name__ == "__main__":
    main()

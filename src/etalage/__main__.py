"""The command `etalage`, and `python -m etalage`."""

from etalage.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()

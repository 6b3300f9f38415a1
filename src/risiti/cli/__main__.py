"""`python -m risiti.cli`: the `risiti` command without an installed script; child processes are started this way."""

from risiti.cli import main

if __name__ == "__main__":
    main()

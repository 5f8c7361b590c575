"""The composition root: the command line and the calls that open files; nothing imports this room."""

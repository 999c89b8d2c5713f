"""Fuzzing of the command: real files of each kind are damaged, and the command is run on them.

    python -m tests.fuzzing SECONDS [--kind KIND] [--seed N] [--keep FOLDER]

Each run is a process of its own, so that a crash is seen as one. What must hold for it:

- it ends, in time, with an exit code of the contract, and without an internal error or traceback;
- it takes no more memory than it was given, but for a fifth;
- it writes nothing outside the folder that it works in, and leaves nothing in that for temporary
  files, no ``.part`` file, and no process;
- it opens no connection;
- what it has written it reads again: the same statements, the same bytes, the same answer.

A case is made from its kind and a number, so that it can be made again.
"""

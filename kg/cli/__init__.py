"""The ``kg`` command: parse options, call one function, print, choose the exit code."""

"""``kg serve``: a graph on this machine's web, for people and programs, read only.

One process speaks HTTP (`kg.serve.app`, Starlette on Uvicorn). It never touches the graph: each
request becomes a `Request` (`kg.serve.messages`) that a worker process answers
(`kg.serve.worker`), because Oxigraph cannot be interrupted, and a process can be ended; what the
table engine asks is interrupted, and its worker goes on. The pool (`kg.serve.pool`) starts workers
as they are needed and ends those that take too long. An answer is whole before its first byte is
sent.
"""

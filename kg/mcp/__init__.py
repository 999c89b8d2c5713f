"""``kg mcp``: the graph as tools for assistants, by the Model Context Protocol, read only.

The server (`kg.mcp.server`) speaks the protocol over standard input and output, or HTTP. It never
touches the graph: each call of a tool goes to a worker process (`kg.mcp.worker`, started by
`kg.serve.pool`), which is ended when it takes too long or too much memory. `kg.mcp.catalogue` says
which tools there are: the questions of the workspace, and a few that every graph has.

Spec: https://modelcontextprotocol.io/specification
"""

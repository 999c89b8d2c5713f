"""The mapping compiler: RML and YARRRML text, read into one plan, compiled to SQL text.

It runs no engine; the one function here that opens a file reads a mapping document.
"""

"""The mapping compiler: RML and YARRRML text, read into one plan, compiled to SQL text.

It runs no engine and opens no file.
"""

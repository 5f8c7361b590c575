"""The standards as data: generated tables with edition, source and hash, and frozen look-ups over them.

Nothing here is parsed or changed at run time; each table is read when it is first asked for.
"""

"""Protocols without I/O: bytes and time go in, events and bytes come out; only `net` opens a socket."""

"""The only sockets: shells of asyncio around the protocols, clients and servers."""

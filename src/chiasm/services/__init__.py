"""What the node does, one module a noun; no wire's spelling, no threads."""

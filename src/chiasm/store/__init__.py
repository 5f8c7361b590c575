"""What outlives the process: the journal, the objects, the index."""

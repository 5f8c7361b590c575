"""Pixels: image files as rasters. The libraries for it come with `pip install 'chiasm[pixels]'`."""

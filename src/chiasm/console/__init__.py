"""The pages people look at: templates, static files and what they show."""

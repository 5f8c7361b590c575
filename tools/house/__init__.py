"""The house rules that no off-the-shelf linter knows; `python tools/house` runs them all."""

"""What the data is: catalogue, stored tables, snapshot layout, settings, errors.

The lowest layer. Imports nothing of ours from above; `api`, `jobs` and `powerbi` all read it.
"""

"""Published snapshots: where their files lie, what they hold, how a row becomes text, how they are read.

Written by jobs.refresh, read by api. A snapshot never changes once it has its name.
"""

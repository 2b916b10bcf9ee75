"""CSV files into the reference crisis database, through a mapping file that says what each column means.

Reads the file in one pass and bounded memory; rejects single lines with a reason, never silently.
Called by the command `crisis import`.
"""

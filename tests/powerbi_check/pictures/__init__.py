"""The pages as pictures: PBIR parts -> visuals -> figures by DAX -> SVG -> PNG, beside what does not fit.

Reads the generated report alone, never the declarations behind it. Written by `python -m tests.powerbi_check.pictures`.
"""

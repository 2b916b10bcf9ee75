"""`make powerbi-check`: foreign judges over the generated Power BI templates, one table for each audience."""

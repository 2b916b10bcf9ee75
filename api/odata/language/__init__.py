"""Text of a URL -> syntax trees: tokens, parsers, tables of functions and transformations. Knows no view."""

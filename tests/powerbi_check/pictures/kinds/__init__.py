"""One module a family of visuals, each drawing into the frame that the sheet gives it; `table.DRAWERS` names them."""

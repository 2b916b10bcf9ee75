"""What follows the end of a run: Power BI is asked to refresh, a webhook is told. Neither changes how the run ended."""

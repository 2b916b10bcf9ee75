"""One night: contract -> extract -> history -> clean -> compute -> check -> build -> publish -> prune."""

"""What the service notices about itself: Observation values, and the sinks that log and count them."""

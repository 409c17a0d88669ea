"""What nb2pipe costs, measured side by side with its peers in one run."""

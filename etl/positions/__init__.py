"""Where structures are: the questions their addresses make, and what the answers are worth."""

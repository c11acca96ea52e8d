"""What lum1 takes, in seconds, memory and journal, against what it could not do without: `./lum1 bench`."""

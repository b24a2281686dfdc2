"""minibit-fuzz's parts: draw (a swarm from a seed), heal (what it must then reach, and by when), check (its
runs, and what must hold of them), shrink (the smallest scenario that still fails). Standard library alone."""

"""Where metadata comes from: readers take bytes and give papers in arXiv's raw words."""

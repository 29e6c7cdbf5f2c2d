"""What a Pith record is: pure values and functions over bytes, with no clock, file or network."""
